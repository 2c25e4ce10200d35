// How far a run is, from what is settled. Pure.
import type { NodeStatus, Plan } from '../definitions/index.ts';
import { isModuleSettled, isOpen } from './advance.ts';
import type { NodeResult } from './node-result.ts';

export interface Progress {
  /** The highest percentage among settled modules; skipped ones count as settled. */
  readonly percentage: number;
  /** The first module, in document order, that has begun and is not settled; null before and after. */
  readonly phase: string | null;
}

export function progressOf(plan: Plan, results: ReadonlyMap<string, NodeResult>): Progress {
  const settled = plan.modules.filter((module) => isModuleSettled(plan, module, results));
  const percentage = Math.max(0, ...settled.map((module) => module.progress));
  const phase = plan.modules.find((module) => !settled.includes(module) && isOpen(plan, module, results));
  return { percentage, phase: phase?.id ?? null };
}

/** A module's status from its nodes': the most urgent thing to say about it. */
export function moduleStatus(statuses: readonly NodeStatus[]): NodeStatus {
  const order: readonly NodeStatus[] = [
    'compensation_failed',
    'compensating',
    'executing',
    'waiting',
    'unknown',
    'failed',
    'pending',
    'compensated',
  ];
  const urgent = order.find((status) => statuses.includes(status));
  // Some nodes are done and others not yet begun: the module is under way.
  if (urgent === 'pending' && statuses.includes('completed')) return 'executing';
  if (urgent) return urgent;
  return statuses.length > 0 && statuses.every((status) => status === 'skipped') ? 'skipped' : 'completed';
}
