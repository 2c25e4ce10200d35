// `waves`: runs a graph of tasks in workflow code, each the moment those it depends on are done. Knows nothing of runs: the calls
// within the tasks are what is recorded.
import { findCycle } from '../definitions/index.ts';
import { FailureError, didYouMean } from '../kernel/index.ts';
import type { Failure } from '../kernel/index.ts';
import { CallFailedError } from './call-failed.ts';

export interface WaveTask<Results, Answer> {
  readonly dependsOn?: readonly (keyof Results & string)[];
  /** Is given what the tasks before it answered, by their names. */
  run(done: Results): Promise<Answer>;
}

type Tasks<Results> = { readonly [Name in keyof Results]: WaveTask<Results, Results[Name]> };

/**
 * Answers what every task answered, by name. When a task throws a FailureError, what depends on it is skipped, all the way down;
 * the others run to their end, and then a {@link TasksFailedError} is thrown. Where tasks use what others answered, say the
 * types: `waves<{ plan: Plan; draft: string }>({ … })`.
 */
export async function waves<Results extends object>(tasks: Tasks<Results>): Promise<Results> {
  const byName = new Map<string, AnyTask>(Object.entries(tasks));
  checkGraph(byName);
  const results = await runTasks(byName);
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- each task answered under its own name
  return Object.fromEntries(results) as Results;
}

/** Some tasks failed. As an error it is the first failure in the order of the tasks. */
export class TasksFailedError extends CallFailedError {
  /** By the names of the tasks. */
  readonly failed: Readonly<Record<string, Failure>>;
  /** Tasks that never ran, because something before them failed. */
  readonly skipped: readonly string[];

  constructor([first, ...others]: readonly [FailedTask, ...FailedTask[]], skipped: readonly string[]) {
    const { name, error } = first;
    if (error instanceof CallFailedError) super(error.call, error.reason);
    else super(name, { cause: 'failure', at: name, failure: error.failure });
    this.name = 'TasksFailedError';
    this.failed = Object.fromEntries([first, ...others].map((each) => [each.name, each.error.failure]));
    this.skipped = skipped;
  }
}

interface FailedTask {
  readonly name: string;
  readonly error: FailureError;
}

interface AnyTask {
  readonly dependsOn?: readonly string[];
  run(done: object): Promise<unknown>;
}

type TaskMap = ReadonlyMap<string, AnyTask>;

/** Undefined: skipped. */
type End = { readonly answer: unknown } | { readonly error: FailureError } | undefined;

async function runTasks(tasks: TaskMap): Promise<ReadonlyMap<string, unknown>> {
  const ends = new Map<string, Promise<End>>();
  const settled = new Map<string, End>();
  const endOf = (name: string): Promise<End> => {
    const end = ends.get(name) ?? runTask(name);
    ends.set(name, end);
    return end;
  };
  const runTask = async (name: string): Promise<End> => {
    const { dependsOn = [], run } = tasks.get(name)!;
    const before = await Promise.all(dependsOn.map(endOf));
    const mayRun = before.every((end) => end && 'answer' in end);
    const end = mayRun ? await endWith(async () => await run(resultsFor(name, tasks, settled))) : undefined;
    settled.set(name, end);
    return end;
  };
  await Promise.all([...tasks.keys()].map(endOf));
  return answersOf([...tasks.keys()], settled);
}

// Anything but a FailureError is no outcome: it goes on at once.
async function endWith(run: () => Promise<unknown>): Promise<End> {
  try {
    return { answer: await run() };
  } catch (error) {
    if (error instanceof FailureError) return { error };
    throw error;
  }
}

function answersOf(names: readonly string[], ends: ReadonlyMap<string, End>): ReadonlyMap<string, unknown> {
  const answers = new Map<string, unknown>();
  const failed: FailedTask[] = [];
  const skipped: string[] = [];
  for (const name of names) {
    const end = ends.get(name);
    if (!end) skipped.push(name);
    else if ('error' in end) failed.push({ name, error: end.error });
    else answers.set(name, end.answer);
  }
  const [first, ...others] = failed;
  if (first) throw new TasksFailedError([first, ...others], skipped);
  return answers;
}

// A task that reads what it does not wait for would read something else in a replay.
function resultsFor(name: string, tasks: TaskMap, ends: ReadonlyMap<string, End>): object {
  const before = ancestorsOf(name, tasks);
  const results = {};
  for (const other of tasks.keys()) {
    Object.defineProperty(results, other, {
      enumerable: before.has(other),
      get: () => {
        const end = ends.get(other);
        if (before.has(other) && end && 'answer' in end) return end.answer;
        throw new TypeError(`task "${name}" reads "${other}" and does not depend on it: add it to its dependsOn`);
      },
    });
  }
  return results;
}

function ancestorsOf(name: string, tasks: TaskMap): ReadonlySet<string> {
  const found = new Set<string>();
  const left = [...(tasks.get(name)?.dependsOn ?? [])];
  for (let next = left.pop(); next !== undefined; next = left.pop()) {
    if (found.has(next)) continue;
    found.add(next);
    left.push(...(tasks.get(next)?.dependsOn ?? []));
  }
  return found;
}

function checkGraph(tasks: TaskMap): void {
  for (const [name, { dependsOn = [] }] of tasks) {
    const unknown = dependsOn.find((id) => !tasks.has(id));
    if (unknown === undefined) continue;
    throw new TypeError(`task "${name}" depends on "${unknown}", which is no task${didYouMean(unknown, tasks.keys())}`);
  }
  const cycle = findCycle(new Map([...tasks].map(([name, { dependsOn = [] }]) => [name, dependsOn])));
  if (cycle) throw new TypeError(`tasks wait for each other: ${cycle.join(' -> ')}`);
}
