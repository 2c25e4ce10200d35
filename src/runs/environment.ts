// What a running plan needs around it, handed down from the composition root; and the facts of the one run it executes.
import type { Knex } from 'knex';
import type { Plan } from '../definitions/index.ts';
import type { RunRecord } from '../durable/index.ts';
import type { Clock, Emit, Random } from '../kernel/index.ts';
import type { SlotPriority, Slots } from '../resilience/index.ts';
import type { Registry } from '../tools/index.ts';
import type { Amendments } from './amendments.ts';
import type { CodedWorkflows } from './coded-workflow.ts';
import type { ControlWatch } from './control-watch.ts';
import type { History } from './history.ts';
import type { ParentRun } from './run-input.ts';
import type { PauseGate } from './pause-gate.ts';
import type { RunFacts } from './run-scope.ts';
import type { RunTrace } from './run-trace.ts';

/** Shared by all runs of the process. */
export interface Engine {
  readonly knex: Knex;
  readonly registry: Registry;
  /** The database's time (D12). */
  readonly clock: Clock;
  readonly random: Random;
  readonly emit: Emit;
  readonly controls: ControlWatch;
  readonly slots: Slots;
}

/** One execution of one run. */
export interface RunBase extends Engine {
  readonly coded: CodedWorkflows;
  readonly facts: RunFacts;
  readonly trace: RunTrace;
  /** The run that began this one, and waits for it. */
  readonly parent?: ParentRun;
  readonly requester: string;
  readonly amended: Amendments;
  /** Of this run, which its start may have set otherwise than the definition does. */
  readonly priority: SlotPriority;
  readonly record: RunRecord;
  /** What is recorded so far, by this execution too. */
  readonly history: History;
  /** It was started by this process just now: nobody could ask anything of it before. */
  readonly isFirst: boolean;
  /** What every act of the run passes; closed while it is paused. */
  readonly gate: PauseGate;
  /** An earlier execution may have acted and died before it could say so (K7). */
  readonly tookOver: boolean;
}

/** One execution of a run that has a plan. */
export interface RunContext extends RunBase {
  readonly plan: Plan;
}
