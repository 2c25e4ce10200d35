// Why a run that is not over does not move, in words, from everything that may hold it up. Pure.
import { isFinal } from '../runs.ts';
import type { RunStatus } from '../runs.ts';

/** What may hold a run up, as of now. Times are the database's. */
export interface Situation {
  readonly status: RunStatus;
  /** What its execution said last: what its waits are for, who paused it, what is to be decided. */
  readonly said: string | null;
  readonly error: { readonly code: string; readonly message: string; readonly remedy?: string } | null;
  readonly approvals: readonly {
    readonly node: string;
    readonly approvers: readonly string[];
    readonly deadline: Date;
    readonly quorum: number;
    readonly approved: number;
  }[];
  /** Of services that it names as those it waits for. */
  readonly breakers: readonly {
    readonly service: string;
    readonly openedAt: Date;
    readonly nextProbeAt: Date | null;
    readonly forcedBy: string | null;
  }[];
  /** Acts, or undos, that wait for their next attempt. */
  readonly backOffs: readonly {
    readonly act: string;
    readonly attempt: number;
    readonly attempts?: number;
    readonly code: string;
    readonly nextAt: Date;
  }[];
  /** Of a run that no executor has. */
  readonly queue?: { readonly before: number; readonly workers: number; readonly notBefore: Date | null };
  /** Of its executor, where acts wait for one. */
  readonly slots?: { readonly used: number; readonly capacity: number; readonly queued: number };
}

/** Undefined where nothing holds it up. */
export function explainWaiting(situation: Situation): string | undefined {
  const reasons = reasonsOf(situation);
  return reasons.length > 0 ? reasons.join('; ') : undefined;
}

function reasonsOf(situation: Situation): string[] {
  const { status, said } = situation;
  if (isFinal(status)) return [];
  if (status === 'queued') return queueReasons(situation, ['waits for a worker to take it']);
  if (status === 'stuck') return stuckReasons(situation);
  if (status === 'held' || status === 'paused') return present(said);
  if (status === 'compensating') {
    return ['takes back what it did', ...queueReasons(situation, []), ...backOffReasons(situation)];
  }
  return [
    ...present(said),
    ...approvalReasons(situation),
    ...breakerReasons(situation),
    ...backOffReasons(situation),
    ...slotReasons(situation),
    ...queueReasons(situation, []),
  ];
}

function present(text: string | null): string[] {
  return text === null ? [] : [text];
}

function stuckReasons({ error }: Situation): string[] {
  if (!error) return ['is stuck'];
  return [`is stuck with ${error.code}: ${error.message}`, ...(error.remedy === undefined ? [] : [error.remedy])];
}

function queueReasons({ queue }: Situation, otherwise: readonly string[]): string[] {
  if (!queue) return [...otherwise];
  const { before, workers, notBefore } = queue;
  if (workers === 0) return ['waits for a worker: none that serves its protocol is alive'];
  if (notBefore !== null)
    return [`was given back after trouble with the database, and is taken again at ${time(notBefore)}`];
  const line = before === 0 ? 'it is next' : `${before} ${before === 1 ? 'run is' : 'runs are'} before it`;
  return [`waits for a worker to take it: ${line}`];
}

function approvalReasons({ approvals }: Situation): string[] {
  return approvals.map(({ node, approvers, deadline, quorum, approved }) => {
    const share = quorum > 1 ? `, ${approved} of ${quorum} have approved` : '';
    return `"${node}" is asked of ${approvers.join(', ')} until ${time(deadline)}${share}`;
  });
}

function breakerReasons({ breakers }: Situation): string[] {
  return breakers.map(({ service, openedAt, nextProbeAt, forcedBy }) => {
    const who = forcedBy === null ? '' : `, opened by ${forcedBy}`;
    const next = nextProbeAt === null ? '' : `, tried again at ${time(nextProbeAt)}`;
    return `service "${service}" is down since ${time(openedAt)}${who}${next}`;
  });
}

function backOffReasons({ backOffs }: Situation): string[] {
  return backOffs.map(({ act, attempt, attempts, code, nextAt }) => {
    const of = attempts === undefined ? '' : ` of ${attempts}`;
    return `"${act}" waits for its next attempt at ${time(nextAt)}: attempt ${attempt}${of} failed with ${code}`;
  });
}

function slotReasons({ slots }: Situation): string[] {
  if (!slots || slots.queued === 0 || slots.used < slots.capacity) return [];
  return [`all ${slots.capacity} activity slots of its executor are taken, and ${slots.queued} acts wait for one`];
}

function time(at: Date): string {
  return `${at.toISOString().slice(0, 19)}Z`;
}
