// Who is told of a question that code asks: as in YAML, checked when the question is asked. Pure.
import { wrongTarget } from '../definitions/index.ts';
import type { ApprovalNode } from '../definitions/index.ts';
import { durationOf } from './coded-workflow.ts';
import type { ApprovalRequest, ChannelRequest } from './saga.ts';

type Asked = Pick<ApprovalRequest, 'name' | 'approvers' | 'timeout' | 'notify' | 'remindAt' | 'escalate'>;

export function noticesOf(request: Asked): Pick<ApprovalNode, 'notify' | 'remindAtMs' | 'escalate'> {
  const { name, approvers, notify = [], remindAt = [], escalate = [] } = request;
  const limitMs = durationOf(request.timeout);
  const times = (written: readonly string[]): number[] => written.map((each) => timeOf(name, each, limitMs));
  checkChannels(name, notify, approvers);
  for (const { to, notify: told = [] } of escalate) checkChannels(name, told, to);
  if (remindAt.length > 0 && notify.length === 0)
    throw new TypeError(`"${name}" reminds nobody: notify names no channel`);
  return {
    ...(notify.length > 0 && { notify }),
    ...(remindAt.length > 0 && { remindAtMs: times(remindAt) }),
    ...(escalate.length > 0 && {
      escalate: escalate.map(({ after, ...rest }) => ({ afterMs: timeOf(name, after, limitMs), ...rest })),
    }),
  };
}

function timeOf(name: string, written: string, limitMs: number): number {
  const ms = durationOf(written);
  if (ms < limitMs) return ms;
  throw new TypeError(`"${name}" tells people after ${written}, when it has timed out already`);
}

function checkChannels(name: string, channels: readonly ChannelRequest[], asked: readonly string[]): void {
  for (const { tool, to, as } of channels) {
    const problem = wrongTarget(tool, to);
    if (problem !== undefined) throw new TypeError(`notify of "${name}": ${problem}`);
    if (as !== undefined && !asked.includes(as)) throw new TypeError(`notify of "${name}": "${as}" is not asked`);
  }
}
