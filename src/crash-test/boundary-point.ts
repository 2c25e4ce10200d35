// Where a crash test kills: the boundaries that a run passes, told apart by how often each has been passed. Pure.
import { z } from 'zod';
import type { Boundary, BoundaryPhase } from '../durable/index.ts';

const PHASES = [
  'inserted',
  'started',
  'before',
  'done',
  'committed',
  'recorded',
  'ending',
  'ended',
] as const satisfies readonly BoundaryPhase[];

export const boundary = z.object({ phase: z.enum(PHASES), runId: z.string(), name: z.string() });
export const boundaryPoint = z.object({ phase: z.enum(PHASES), name: z.string(), occurrence: z.int().min(1) });

/** The `occurrence`-th time that a run passes a boundary; attempts of one act share a name. */
export type BoundaryPoint = z.infer<typeof boundaryPoint>;

/** One point for each boundary that was passed, in that order. */
export function pointsOf(passed: readonly Pick<Boundary, 'phase' | 'name'>[]): BoundaryPoint[] {
  const counts = new Map<string, number>();
  return passed.map(({ phase, name }) => {
    const occurrence = (counts.get(`${phase} ${name}`) ?? 0) + 1;
    counts.set(`${phase} ${name}`, occurrence);
    return { phase, name, occurrence };
  });
}

export function pointName({ phase, name, occurrence }: BoundaryPoint): string {
  return occurrence === 1 ? `${phase} ${name}` : `${phase} ${name} (${occurrence})`;
}

/** Says of each boundary whether it is the one. Runs of before are not counted. */
export function createTrap(point: BoundaryPoint, runsOfBefore: ReadonlySet<string>): (passed: Boundary) => boolean {
  let count = 0;
  return ({ phase, name, runId }) => {
    if (phase !== point.phase || name !== point.name || runsOfBefore.has(runId)) return false;
    count += 1;
    return count === point.occurrence;
  };
}
