// Which run comes next: the mix of flows, inputs and people's behaviour, drawn from the seeded source. Pure.
import type { Random } from '../faults/index.ts';

type Decision = 'approve' | 'reject';

export interface ChosenRun {
  readonly workflow: string;
  readonly input: Readonly<Record<string, unknown>>;
  /** Final statuses that follow from what the rig does to it. */
  readonly allowed: readonly string[];
  /** What people answer, all at once, and after how long. */
  readonly decisions?: readonly Decision[];
  readonly decideAfterMs?: number;
  /** It waits for a message. */
  readonly message?: boolean;
  readonly cancelAfterMs?: number;
}

const MIX: readonly ((random: Random) => ChosenRun)[] = [
  saga,
  saga,
  graph,
  graph,
  approval,
  approval,
  lateApproval,
  message,
  lists,
  coded,
];

export function chooseRun(random: Random): ChosenRun {
  const chosen = random.pick(MIX)(random);
  if (chosen.workflow === 'lists' || random.next() >= 0.06) return chosen;
  return { ...chosen, allowed: [...chosen.allowed, 'cancelled'], cancelAfterMs: random.int(0, 1_500) };
}

function saga(random: Random): ChosenRun {
  return refusable('saga', random, { ms: random.int(0, 200) });
}

function graph(random: Random): ChosenRun {
  return refusable('graph', random, { ms: random.int(0, 200) });
}

function coded(random: Random): ChosenRun {
  return refusable('coded-saga', random, {});
}

function refusable(workflow: string, random: Random, input: Readonly<Record<string, unknown>>): ChosenRun {
  const refused = random.next() < 0.3;
  return { workflow, input: { ...input, refused }, allowed: [refused ? 'compensated' : 'succeeded'] };
}

function approval(random: Random): ChosenRun {
  const decisions = random.pick<readonly Decision[]>([
    ['approve'],
    ['approve', 'approve'],
    ['reject'],
    ['approve', 'reject'],
  ]);
  const allowed = [...new Set(decisions.map((decision) => (decision === 'approve' ? 'succeeded' : 'rejected')))];
  return { workflow: 'approval', input: {}, allowed, decisions, decideAfterMs: random.int(0, 3_000) };
}

function lateApproval(random: Random): ChosenRun {
  const decisions = random.pick<readonly Decision[]>([['approve'], ['reject'], ['approve', 'reject']]);
  return {
    workflow: 'late-approval',
    input: {},
    allowed: ['succeeded', 'rejected'],
    decisions,
    decideAfterMs: random.int(1_000, 3_000),
  };
}

function message(): ChosenRun {
  return { workflow: 'message', input: {}, allowed: ['succeeded'], message: true };
}

// Few lists and any order of them: their appends meet.
function lists(random: Random): ChosenRun {
  return { workflow: 'lists', input: { lists: random.shuffle(['p', 'q', 'r']) }, allowed: ['succeeded'] };
}
