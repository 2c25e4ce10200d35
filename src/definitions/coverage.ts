// How much of what a plan changes outside is said to be taken back, or not to be. Pure.
import type { Coverage, Plan } from './plan.ts';

/** An irreversible act is covered: its author said so. */
export function coverageOf({ nodes }: Pick<Plan, 'nodes'>): Coverage {
  const effects = nodes.flatMap((node) => (node.kind === 'activity' && node.effect ? [node] : []));
  const uncovered = effects.filter(({ compensation, irreversible }) => !compensation && !irreversible);
  const covered = effects.length - uncovered.length;
  const percentage = effects.length === 0 ? 100 : Math.floor((100 * covered) / effects.length);
  return { effects: effects.length, covered, percentage, uncovered: uncovered.map(({ id }) => id) };
}
