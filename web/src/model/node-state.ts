// How one node of a run stands and what was tried for it, folded from its facts. Pure.
import type { Fact } from '../api/run-shapes.ts';
import type { Look } from './status.ts';

export type NodeStatus =
  | 'pending'
  | 'executing'
  | 'backing_off'
  | 'waiting'
  | 'completed'
  | 'failed'
  | 'skipped'
  | 'unknown'
  | 'inherited'
  | 'compensated'
  | 'compensation_failed';

export interface Attempt {
  readonly side: 'act' | 'undo';
  readonly item?: number;
  readonly number?: number;
  readonly startedAtMs: number;
  readonly endedAtMs: number;
  readonly result: 'completed' | 'failed' | 'unknown' | 'skipped';
  readonly error?: Fact['error'];
  readonly key?: string;
  readonly input?: Fact['input'];
  readonly output?: Fact['output'];
  readonly executor?: string;
  readonly data?: Fact['data'];
  /** It is tried again then. */
  readonly nextAtMs?: number;
}

export interface NodeState {
  readonly status: NodeStatus;
  /** The last of its dependencies was settled. */
  readonly readyAtMs?: number;
  /** Of a wait, an approval, a child run. */
  readonly waitingFromMs?: number;
  readonly settledAtMs?: number;
  readonly attempts: readonly Attempt[];
  /** Elements of its list that are settled. */
  readonly itemsSettled: number;
  readonly items?: number;
  readonly output?: Fact['output'];
  readonly error?: Fact['error'];
}

export const UNTOUCHED: NodeState = { status: 'pending', attempts: [], itemsSettled: 0 };

interface Folding {
  status: NodeStatus;
  readyAtMs?: number;
  waitingFromMs?: number;
  settledAtMs?: number;
  attempts: Attempt[];
  itemsSettled: number;
  items?: number;
  output?: Fact['output'];
  error?: Fact['error'];
  /** Starts whose end is not read yet, by side, item and attempt. */
  readonly begun: Map<string, Fact>;
}

/** `facts` are those of one node, in their order. */
export function stateOf(facts: readonly Fact[]): NodeState {
  const folding: Folding = { status: 'pending', attempts: [], itemsSettled: 0, begun: new Map() };
  for (const fact of facts) fold(folding, fact);
  const { begun: _, ...state } = folding;
  return state;
}

function fold(state: Folding, fact: Fact): void {
  const [subject, verb] = partsOf(fact.kind);
  if (subject === 'compensation') return foldUndo(state, verb, fact);
  if (!SUBJECTS.has(subject)) return;
  if (fact.data?.['inherited'] === true) state.status = 'inherited';
  else if (verb === 'scheduled') foldReady(state, subject, fact);
  else if (verb === 'started' || verb === 'opened') foldStart(state, subject, fact);
  else foldEnd(state, verb, fact);
}

const SUBJECTS: ReadonlySet<string> = new Set(['activity', 'approval', 'wait', 'child']);

function partsOf(kind: string): [string, string] {
  const at = kind.indexOf('.');
  return [kind.slice(0, at), kind.slice(at + 1)];
}

function foldReady(state: Folding, subject: string, { at }: Fact): void {
  state.readyAtMs = Date.parse(at);
  state.status = subject === 'activity' ? 'executing' : 'waiting';
}

function foldStart(state: Folding, subject: string, fact: Fact): void {
  if (subject === 'activity') {
    state.begun.set(nameOf('act', fact), fact);
    state.status = 'executing';
    return;
  }
  state.waitingFromMs ??= Date.parse(fact.at);
  state.status = 'waiting';
}

function foldEnd(state: Folding, verb: string, fact: Fact): void {
  if (verb === 'attempt_failed') {
    state.attempts.push(attemptOf(state, 'act', 'failed', fact));
    state.status = 'backing_off';
    return;
  }
  if (!isResult(verb)) return;
  if (fact.attempt !== undefined) state.attempts.push(attemptOf(state, 'act', verb, fact));
  if (fact.item !== undefined) {
    state.itemsSettled += 1;
    state.status = 'executing';
    return;
  }
  state.status = verb;
  state.settledAtMs = Date.parse(fact.at);
  state.error = fact.error;
  if (fact.output !== undefined) state.output = fact.output;
  const items = fact.data?.['items'];
  if (typeof items === 'number') state.items = items;
}

// What was taken back stays so, whatever of its list had nothing to be taken back.
function foldUndo(state: Folding, verb: string, fact: Fact): void {
  if (verb === 'started') state.begun.set(nameOf('undo', fact), fact);
  else if (verb === 'attempt_failed') state.attempts.push(attemptOf(state, 'undo', 'failed', fact));
  else if (verb === 'completed' || verb === 'failed') {
    if (fact.attempt !== undefined) state.attempts.push(attemptOf(state, 'undo', verb, fact));
    const hasFailed = verb === 'failed' || (state.status === 'compensation_failed' && fact.item !== undefined);
    state.status = hasFailed ? 'compensation_failed' : 'compensated';
    state.error = fact.error ?? state.error;
  }
}

function attemptOf(state: Folding, side: Attempt['side'], result: Attempt['result'], fact: Fact): Attempt {
  const began = state.begun.get(nameOf(side, fact));
  const endedAtMs = Date.parse(fact.at);
  const next = fact.data?.['nextAttemptAt'];
  return {
    side,
    item: fact.item,
    number: fact.attempt,
    startedAtMs: began === undefined ? endedAtMs : Date.parse(began.at),
    endedAtMs,
    result,
    error: fact.error,
    key: fact.key ?? began?.key,
    input: began?.input ?? fact.input,
    output: fact.output,
    executor: fact.executor ?? began?.executor,
    data: { ...began?.data, ...fact.data },
    ...(typeof next === 'string' && { nextAtMs: Date.parse(next) }),
  };
}

function nameOf(side: Attempt['side'], { item, attempt }: Fact): string {
  return `${side} ${item} ${attempt}`;
}

function isResult(verb: string): verb is Attempt['result'] {
  return verb === 'completed' || verb === 'failed' || verb === 'unknown' || verb === 'skipped';
}

const LOOKS: Readonly<Record<NodeStatus, Look>> = {
  pending: { word: 'not begun', tone: 'plain', sign: 'dot' },
  executing: { word: 'executing', tone: 'busy', sign: 'play' },
  backing_off: { word: 'tried again soon', tone: 'warn', sign: 'hourglass' },
  waiting: { word: 'waiting', tone: 'warn', sign: 'hourglass' },
  completed: { word: 'completed', tone: 'good', sign: 'check' },
  failed: { word: 'failed', tone: 'bad', sign: 'cross' },
  skipped: { word: 'skipped', tone: 'plain', sign: 'slash' },
  unknown: { word: 'unknown', tone: 'warn', sign: 'ask' },
  inherited: { word: 'inherited', tone: 'good', sign: 'check' },
  compensated: { word: 'compensated', tone: 'undo', sign: 'back' },
  compensation_failed: { word: 'compensation failed', tone: 'bad', sign: 'alert' },
};

export function lookOfNode(status: NodeStatus): Look {
  return LOOKS[status];
}

/** Of a run that is over nothing executes any more: what was ready then never began. */
export function asOfRun(status: NodeStatus, isOver: boolean): NodeStatus {
  return isOver && (status === 'executing' || status === 'backing_off' || status === 'waiting') ? 'pending' : status;
}
