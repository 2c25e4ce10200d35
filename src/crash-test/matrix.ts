// The matrix: every scenario is played undisturbed, then once for each boundary it passed, killed there; all ends must be the same.
import { messageOf } from '../kernel/index.ts';
import { pointName, pointsOf } from './boundary-point.ts';
import type { BoundaryPoint } from './boundary-point.ts';
import { compareEndStates, differenceLine, vagueOf } from './compare-end-states.ts';
import type { Vague } from './compare-end-states.ts';
import type { EndState } from './end-state.ts';
import type { Lane } from './lane.ts';
import type { Scenario } from './scenario.ts';
import { Disturbed } from './victim.ts';

/** How one scenario went that was killed at one boundary, or that nobody disturbed. */
export interface Verdict {
  readonly scenario: string;
  /** Undefined for the undisturbed one. */
  readonly boundary?: string;
  readonly ok: boolean;
  /** What was not as it should be. */
  readonly problems: readonly string[];
  readonly ms: number;
}

export interface MatrixResult {
  readonly boundaries: number;
  readonly same: number;
  readonly verdicts: readonly Verdict[];
  readonly ms: number;
}

export interface MatrixOptions {
  readonly lanes: readonly Lane[];
  readonly scenarios: readonly Scenario[];
  /** Only boundaries whose `<scenario>: <boundary>` contains it. */
  readonly only?: string;
  /** Once aborted no further case begins, and nothing more is told. */
  readonly signal?: AbortSignal;
  readonly onVerdict: (verdict: Verdict, progress: { readonly done: number; readonly of: number }) => void;
}

/** What the killed runs of a scenario are measured by. */
interface Measure {
  readonly scenario: Scenario;
  readonly end: EndState;
  readonly vague: Vague;
  readonly points: readonly BoundaryPoint[];
}

/** A machine too busy for its leases costs a case; then it is played again. */
const MAX_TRIES = 6;

export async function runMatrix(options: MatrixOptions): Promise<MatrixResult> {
  const startedAt = performance.now();
  const { scenarios, only = '', signal, onVerdict } = options;
  const verdicts: Verdict[] = [];
  const tell = (verdict: Verdict, of: number): void => {
    if (signal?.aborted) return;
    verdicts.push(verdict);
    onVerdict(verdict, { done: verdicts.filter(({ boundary }) => boundary !== undefined).length, of });
  };
  const measures: Measure[] = [];
  await overLanes(options, scenarios, async (lane, scenario) => {
    const { verdict, value } = await judged({ scenario: scenario.name }, async () => await measure(lane, scenario));
    if (value) measures.push(value);
    tell(verdict, 0);
  });
  const cases = inTurns(measures.map((each) => each.points.map((point) => ({ ...each, point }))));
  const chosen = cases.filter(({ scenario, point }) => `${scenario.name}: ${pointName(point)}`.includes(only));
  await overLanes(options, chosen, async (lane, each) => tell(await killOnce(lane, each), chosen.length));
  for (const lane of options.lanes)
    for (const run of await again(async () => await lane.unfinished())) tell(unfinishedVerdict(run), chosen.length);
  return summary(verdicts, performance.now() - startedAt);
}

// A case of each scenario after the other: whatever is broken shows early.
function inTurns<T>(lists: readonly (readonly T[])[]): T[] {
  const longest = Math.max(0, ...lists.map(({ length }) => length));
  return Array.from({ length: longest }, (_, index) => lists.flatMap((list) => list.slice(index, index + 1))).flat();
}

// Twice: what differs between two undisturbed runs cannot be held against a killed one.
async function measure(lane: Lane, scenario: Scenario): Promise<{ value: Measure; problems: string[] }> {
  const first = await again(async () => await lane.undisturbed(scenario));
  const second = await again(async () => await lane.undisturbed(scenario));
  const vague = vagueOf(first.end, second.end);
  const problems = compareEndStates(first.end, second.end, vague).map(differenceLine);
  return { value: { scenario, end: first.end, vague, points: pointsOf(first.boundaries) }, problems };
}

async function killOnce(
  lane: Lane,
  { scenario, end, vague, point }: Measure & { point: BoundaryPoint },
): Promise<Verdict> {
  const names = { scenario: scenario.name, boundary: pointName(point) };
  const { verdict } = await judged(names, async () => {
    const actual = await again(async () => await lane.killedAt(scenario, point));
    return { value: actual, problems: compareEndStates(end, actual, vague).map(differenceLine) };
  });
  return verdict;
}

async function again<T>(play: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return await play();
    } catch (error) {
      if (!(error instanceof Disturbed) || tries === MAX_TRIES) throw error;
    }
  }
}

async function judged<T>(
  names: { scenario: string; boundary?: string },
  play: () => Promise<{ value: T; problems: string[] }>,
): Promise<{ verdict: Verdict; value?: T }> {
  const startedAt = performance.now();
  const verdictOf = (problems: string[]): Verdict => ({
    ...names,
    ok: problems.length === 0,
    problems,
    ms: Math.round(performance.now() - startedAt),
  });
  try {
    const { value, problems } = await play();
    return { verdict: verdictOf(problems), ...(problems.length === 0 && { value }) };
  } catch (error) {
    return { verdict: verdictOf([messageOf(error)]) };
  }
}

// Each lane takes the next one as soon as it is free.
async function overLanes<Work>(
  { lanes, signal }: MatrixOptions,
  works: readonly Work[],
  act: (lane: Lane, work: Work) => Promise<void>,
): Promise<void> {
  const left = [...works];
  await Promise.all(
    lanes.map(async (lane) => {
      for (let work = left.shift(); work !== undefined && !signal?.aborted; work = left.shift()) await act(lane, work);
    }),
  );
}

function unfinishedVerdict(run: string): Verdict {
  return {
    scenario: 'afterwards',
    ok: false,
    problems: [`${run} ended, but the engine still holds it for unfinished`],
    ms: 0,
  };
}

function summary(verdicts: readonly Verdict[], ms: number): MatrixResult {
  const killed = verdicts.filter(({ boundary }) => boundary !== undefined);
  return { boundaries: killed.length, same: killed.filter(({ ok }) => ok).length, verdicts, ms: Math.round(ms) };
}

/** Did everything end as without faults, and was there anything to kill? */
export function passed({ boundaries, verdicts }: MatrixResult): boolean {
  return boundaries > 0 && verdicts.every(({ ok }) => ok);
}
