// When which channel is told of an approval: at once, at each reminder, at each escalation. Pure.
import type { Channel, Escalation, NewNotice, Telling } from './notice.ts';

/** In the order of their times. A reminder goes to everybody who was told by then. */
export function scheduleNotices({ notify, remindAtMs, escalate }: Telling): readonly NewNotice[] {
  const told = (atMs: number): readonly Channel[] => [
    ...notify,
    ...escalate.filter(({ afterMs }) => afterMs <= atMs).flatMap((escalation) => escalation.notify),
  ];
  const notices = [
    ...toAll('asked', 0, notify),
    ...remindAtMs.flatMap((atMs) => toAll('reminder', atMs, distinct(told(atMs).filter(isReachable)))),
    ...escalate.map(escalationOf),
  ];
  return notices.toSorted((a, b) => a.afterMs - b.afterMs);
}

/** What is told once an escalation has asked them. */
export function escalated(channels: readonly Channel[]): readonly NewNotice[] {
  return toAll('escalation', 0, channels);
}

function toAll(kind: NewNotice['kind'], afterMs: number, channels: readonly Channel[]): NewNotice[] {
  return channels.map((channel) => ({ kind, afterMs, channel, problem: channel.problem }));
}

function escalationOf({ afterMs, to, notify, problem }: Escalation): NewNotice {
  return { kind: 'escalation', afterMs, adds: { to, notify }, problem };
}

// What cannot be reached is told of once.
function isReachable({ problem }: Channel): boolean {
  return problem === undefined;
}

function distinct(channels: readonly Channel[]): Channel[] {
  const byAddress = new Map(channels.map((channel) => [`${channel.tool} ${channel.to} ${channel.as}`, channel]));
  return [...byAddress.values()];
}
