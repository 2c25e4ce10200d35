// The way forward: starts every node the moment its own dependencies are settled, until all are or the run must turn round.
import { evaluateCondition, repeatedFrom } from '../definitions/index.ts';
import type { ActivityNode, Expression, ModulePlan, Plan, PlanNode, Scope } from '../definitions/index.ts';
import { loadRecord, openBranches } from '../durable/index.ts';
import type { Branches } from '../durable/index.ts';
import { failure } from '../kernel/index.ts';
import { CANCELLED } from '../tools/index.ts';
import { advance } from './advance.ts';
import type { Advance, TurnReason } from './advance.ts';
import type { ChangesAsked } from './changes.ts';
import { hasDoubts, mayBeInDoubt, undoDoubts } from './compensate.ts';
import type { Control } from './control-store.ts';
import { lastDecidedAtMs } from './amendments.ts';
import { expiredModules, nextDeadline, runDeadline } from './deadline.ts';
import type { Since } from './deadline.ts';
import type { RunContext } from './environment.ts';
import type { NodeResult } from './node-result.ts';
import type { Parking } from './parking.ts';
import { stayPaused } from './pause.ts';
import { progressOf } from './progress.ts';
import { runActivity, settle } from './run-activity.ts';
import { runChild } from './run-child.ts';
import { scopeOfModule, scopeOfNode } from './run-scope.ts';
import { tellMovement } from './movement.ts';
import type { Movement } from './run-store.ts';
import { runApproval, runWait } from './run-wait.ts';
import { settledId } from './step-layout.ts';
import { cancelFailure } from './turn.ts';
import { wasReady } from './suspects.ts';
import { tell } from './tell.ts';
import { describeWaiting } from './waiting.ts';

/** How the forward part ended: `turn` is absent when every node is settled and nothing failed. */
export interface Forward {
  readonly turn?: TurnReason & { readonly compensate?: boolean };
  /** So has the run. */
  readonly isOver?: true;
}

/** What becomes of a run whose forward part cannot decide it alone. */
export interface Endings {
  /** Ends a run of which everything is done, unless something is asked of it. */
  endIfDone(): Promise<boolean>;
  /** Leaves the run to the execution that takes back what is repeated, unless something else is asked of it. */
  sendBack(asked: ChangesAsked): Promise<boolean>;
}

/** Node timers longer than Node's limit are set again. */
const MAX_TIMER_MS = 2 ** 31 - 1;
/** A run's row is told at most so often how far it is; that it waits, or no longer does, is told at once. */
const MOVEMENT_MS = 100;
/** The branch of a run that is paused; no node has an empty id. */
const PAUSE = '';

/** Fills `results` with what the nodes come to. */
export async function goForward(
  context: RunContext,
  results: Map<string, NodeResult>,
  endings: Endings,
): Promise<Forward> {
  const walk = new ForwardWalk(context, results, endings);
  try {
    return await walk.toTheEnd();
  } finally {
    walk.close();
  }
}

interface Repeat {
  readonly approval: string;
  readonly nodes: ReadonlySet<string>;
  readonly ending: AbortController;
}

function repeatsOf({ nodes }: Plan): Repeat[] {
  return nodes.flatMap((node) =>
    node.kind === 'approval' && typeof node.changes?.to === 'string'
      ? [{ approval: node.id, nodes: repeatedFrom(nodes, node.changes.to), ending: new AbortController() }]
      : [],
  );
}

class ForwardWalk {
  readonly #context: RunContext;
  readonly #results: Map<string, NodeResult>;
  readonly #endings: Endings;
  readonly #recorded: ReadonlyMap<string, NodeResult>;
  readonly #branches: Branches<string, NodeResult | undefined>;
  readonly #cuts = new Map<string, AbortController>();
  /** Nodes whose question is asked: only now does the run wait for them. */
  readonly #waiting = new Set<string>();
  /** The services that activities wait for, by node. */
  readonly #parked = new Map<string, string>();
  /** Aborted when the run turns: attempts in flight finish, none follows, waits end. */
  readonly #ending = new AbortController();
  /** By approval that may send the run back: what of its nodes is tried again ends when it does. */
  readonly #repeats: readonly Repeat[];
  readonly #since: Since;
  #turn: Forward['turn'];
  /** Up to this instant all that ran out of time was dealt with. */
  #expiredUntilMs = 0;
  #timer: NodeJS.Timeout | undefined;
  #unwatch: (() => void) | undefined;
  #shown = '';
  #shownAtMs = performance.now();
  /** What the row is to be told in a moment. */
  #unsaid: Movement | undefined;
  #showTimer: NodeJS.Timeout | undefined;
  /** What its row may call it waiting for: an earlier execution, or this one, said so. */
  #calledWaiting: string | null;

  constructor(context: RunContext, results: Map<string, NodeResult>, endings: Endings) {
    this.#context = context;
    this.#results = results;
    this.#endings = endings;
    // Settled once its doubts are undone: until then its branch has work left, and what depends on it waits.
    for (const node of context.plan.nodes) if (hasDoubts(context, node, results)) results.delete(node.id);
    this.#recorded = new Map(results);
    this.#branches = openBranches();
    this.#repeats = repeatsOf(context.plan);
    this.#since = { startedAtMs: Date.parse(context.facts.startedAt), decidedAtMs: lastDecidedAtMs(context.amended) };
    this.#calledWaiting = context.tookOver ? 'an earlier execution' : null;
  }

  async toTheEnd(): Promise<Forward> {
    for (;;) {
      await this.#heed();
      if (this.#context.gate.isClosed) {
        await this.#rest();
        continue;
      }
      await this.#expire();
      const step = this.#decide();
      if (step.back) {
        await this.#sendBack(step.back);
        continue;
      }
      await this.#begin(step);
      if (step.skip.length + step.fail.length > 0) continue;
      if (this.#branches.size === 0) {
        const ended = await this.#ended();
        if (ended) return ended;
        continue;
      }
      await this.#show();
      this.#arm();
      const settled = await this.#branches.next();
      if (settled) this.#note(settled.key, settled.value);
    }
  }

  close(): void {
    clearTimeout(this.#timer);
    clearTimeout(this.#showTimer);
    this.#unwatch?.();
  }

  // An operator's wish is read before anything starts, and watched for while something acts.
  async #heed(): Promise<void> {
    if (this.#turn) return;
    const { controls, facts, isFirst } = this.#context;
    // Watched first, so that nothing is asked between the two unheard.
    this.#unwatch ??= controls.watch(
      facts.id,
      (noticed) => {
        this.#obey(noticed);
        this.#branches.interrupt();
      },
      isFirst,
    );
    this.#obey(await controls.heed(facts.id));
  }

  // That a pause is over is for stayPaused to find: what was read before it may be heard after it.
  #obey(control: Control | undefined): void {
    if (control?.cancel) this.#cancel(control.cancel);
    else if (control?.pause && !this.#turn) this.#context.gate.close();
  }

  // Nothing starts, and nothing that settles meanwhile has consequences; what waits for people or for a time waits on.
  async #rest(): Promise<void> {
    if (!this.#branches.has(PAUSE)) {
      this.#branches.start(PAUSE, async () => {
        await stayPaused(this.#context);
        return undefined;
      });
    }
    const settled = await this.#branches.next();
    if (settled?.key === PAUSE) this.#calledWaiting = this.#forgetShown();
    else if (settled) this.#note(settled.key, settled.value);
  }

  // Who resumes a run has its row say what was so before the pause.
  #forgetShown(): string {
    this.#shown = '';
    this.#unsaid = undefined;
    return 'a resume';
  }

  // The last word is the database's: a run that was told to cancel does not end as done. One that turned may stay as it is for days.
  async #ended(): Promise<Forward | undefined> {
    const { controls, facts, gate } = this.#context;
    if (!this.#turn && !gate.isClosed && (await this.#endings.endIfDone())) return { isOver: true };
    if (!this.#turn) this.#obey(await controls.read(facts.id));
    if (gate.isClosed) return undefined;
    if (this.#turn && this.#unsaid) await this.#tell(this.#unsaid);
    return { turn: this.#turn };
  }

  #cancel(cancel: NonNullable<Control['cancel']>): void {
    this.#turnRound({
      cause: 'cancel',
      at: null,
      failure: cancelFailure(cancel),
      compensate: cancel.compensate,
    });
    for (const cut of this.#cuts.values()) cut.abort(CANCELLED);
    this.#branches.interrupt();
  }

  #turnRound(turn: NonNullable<Forward['turn']>): void {
    this.#turn ??= turn;
    this.#ending.abort('the run turned round');
    for (const { id, kind } of this.#context.plan.nodes)
      if (kind !== 'activity') this.#cuts.get(id)?.abort('the run turned round');
  }

  #decide(): Advance {
    const none: Advance = { skip: [], fail: [], start: [], done: false };
    if (this.#turn) return none;
    const running = new Set(this.#cuts.keys());
    const step = advance(this.#context.plan, {
      results: this.#results,
      running,
      evaluate: (...args) => this.#evaluate(...args),
    });
    if (!step.turn) return step;
    this.#turnRound(step.turn);
    return none;
  }

  #evaluate(condition: Expression, owner: PlanNode | ModulePlan): boolean {
    const { plan, facts } = this.#context;
    const scope =
      'nodes' in owner
        ? scopeOfModule(plan, owner, this.#results, facts)
        : scopeOfNode(plan, owner, this.#results, facts);
    return evaluateCondition(condition, scope);
  }

  // Attempts in flight finish, as with a pause; what is to be repeated is not tried again. What waits elsewhere waits on, in the
  // execution that follows.
  async #sendBack(asked: ChangesAsked): Promise<void> {
    const { gate, controls, facts } = this.#context;
    this.#endRepeated(asked);
    gate.close();
    const unhook = gate.onRest(() => this.#branches.interrupt());
    try {
      while (!this.#turn && (!gate.isAtRest || this.#isRunning(asked.repeated))) {
        const settled = await this.#branches.next();
        if (settled) this.#note(settled.key, settled.value);
      }
      if (!this.#turn) await this.#endings.sendBack(asked);
    } finally {
      unhook();
      gate.open();
    }
    this.#obey(await controls.read(facts.id));
  }

  #endRepeated({ approval, repeated }: ChangesAsked): void {
    this.#repeats.find((each) => each.approval === approval)?.ending.abort('changes were requested');
    for (const { id, kind } of this.#context.plan.nodes)
      if (kind !== 'activity' && repeated.has(id)) this.#cuts.get(id)?.abort('changes were requested');
  }

  #isRunning(nodes: ReadonlySet<string>): boolean {
    return [...this.#cuts.keys()].some((id) => nodes.has(id));
  }

  #endingOf(id: string): AbortSignal {
    const repeats = this.#repeats.filter(({ nodes }) => nodes.has(id));
    if (repeats.length === 0) return this.#ending.signal;
    return AbortSignal.any([this.#ending.signal, ...repeats.map(({ ending }) => ending.signal)]);
  }

  async #begin({ skip, fail, start }: Advance): Promise<void> {
    for (const node of skip) await this.#settle(node, { ok: true, value: null, skipped: true });
    for (const { node, failure: error } of fail) await this.#settle(node, { ok: false, error });
    if (this.#calledWaiting !== null && start.some((node) => node.kind === 'activity')) await this.#callActing();
    for (const node of start) this.#start(node);
  }

  // A run that waits is never blamed for the end of its process, so it says that it acts before it does.
  async #callActing(): Promise<void> {
    await this.#tell({ ...progressOf(this.#context.plan, this.#results), waitingFor: null });
  }

  async #settle(node: PlanNode, outcome: Parameters<typeof settle>[3]): Promise<void> {
    this.#results.set(node.id, await settle(this.#context, node, settledId(node), outcome));
  }

  #start(node: PlanNode): void {
    const cut = new AbortController();
    this.#cuts.set(node.id, cut);
    this.#branches.start(node.id, () => this.#run(node, cut.signal));
  }

  #run(node: PlanNode, signal: AbortSignal): Promise<NodeResult | undefined> {
    const context = this.#context;
    const scope = scopeOfNode(context.plan, node, this.#results, context.facts);
    const onWaiting = (): void => this.#noteWaiting(node.id);
    const onWoken = async (): Promise<void> => await this.#noteWoken(node.id);
    if (node.kind === 'approval') return runApproval(context, { node, scope, signal, onWaiting, onWoken });
    if (node.kind === 'workflow') return runChild(context, { node, scope, signal, onWaiting, onWoken });
    if (node.kind === 'wait') return runWait(context, { node, scope, signal, onWaiting, onWoken });
    return this.#act(node, scope, signal);
  }

  async #act(node: ActivityNode, scope: Scope, signal: AbortSignal): Promise<NodeResult | undefined> {
    const context = this.#context;
    const suspect = context.tookOver && wasReady(node, this.#recorded);
    const ending = this.#endingOf(node.id);
    const parking = this.#parkingOf(node);
    const result = await runActivity(context, { node, scope, suspect, signal, ending, parking });
    if (mayBeInDoubt(context, node) && (!node.optional || node.forEach || result?.status === 'unknown'))
      await this.#undoDoubts(node);
    return result;
  }

  // What an optional act left behind must not outlive the doubt about it. Only the record knows a list's items.
  async #undoDoubts(node: ActivityNode): Promise<void> {
    const fresh = { ...this.#context, record: await loadRecord(this.#context.knex) };
    await undoDoubts(fresh, node, this.#results);
  }

  #parkingOf({ id, breaker }: ActivityNode): Parking | undefined {
    if (!breaker?.park) return undefined;
    return {
      parked: () => {
        this.#parked.set(id, breaker.service);
        this.#noteWaiting(id);
      },
      resumed: async () => {
        this.#parked.delete(id);
        await this.#noteWoken(id);
      },
    };
  }

  #noteWaiting(nodeId: string): void {
    this.#waiting.add(nodeId);
    this.#branches.interrupt();
  }

  // What follows a wait is most often an act: the run says that it acts while the wait is still finding out what woke it.
  async #noteWoken(nodeId: string): Promise<void> {
    this.#waiting.delete(nodeId);
    if (this.#calledWaiting !== null) await this.#callActing();
  }

  #note(nodeId: string, result: NodeResult | undefined): void {
    this.#cuts.delete(nodeId);
    this.#waiting.delete(nodeId);
    this.#parked.delete(nodeId);
    if (result) this.#results.set(nodeId, result);
  }

  // Attempts in flight are aborted; nodes that never began fail with their module.
  async #expire(): Promise<void> {
    const { plan, clock } = this.#context;
    const now = clock.now();
    this.#expiredUntilMs = now;
    if (!this.#turn && runDeadline(plan, this.#since.startedAtMs) <= now) {
      this.#turnRound({
        cause: 'timeout',
        at: null,
        failure: failure('RUN_TIMEOUT', 'the run took longer than its timeout', { kind: 'timeout' }),
      });
      for (const cut of this.#cuts.values()) cut.abort('run timeout');
    }
    if (this.#turn) return;
    for (const module of expiredModules(plan, this.#results, this.#since, now)) await this.#expireModule(module);
  }

  async #expireModule(module: ModulePlan): Promise<void> {
    const message = `module "${module.id}" took longer than its timeout`;
    for (const node of this.#context.plan.nodes) {
      if (node.module !== module.id || this.#results.has(node.id)) continue;
      const cut = this.#cuts.get(node.id);
      if (cut) cut.abort('module timeout');
      else
        await this.#settle(node, {
          ok: false,
          error: failure('MODULE_TIMEOUT', message, { kind: 'timeout', unknown: this.#maybeBegan(node) }),
        });
    }
  }

  #maybeBegan(node: PlanNode): boolean {
    return this.#context.tookOver && node.kind === 'activity' && wasReady(node, this.#recorded);
  }

  #arm(): void {
    clearTimeout(this.#timer);
    const { plan, clock } = this.#context;
    if (this.#turn) return;
    const inMs = nextDeadline(plan, this.#results, this.#since, this.#expiredUntilMs) - clock.now();
    if (inMs === Number.POSITIVE_INFINITY) return;
    this.#timer = setTimeout(() => this.#branches.interrupt(), Math.min(Math.max(inMs, 1), MAX_TIMER_MS));
  }

  // Tells the run's row where it is; said again only when it changed, and what is no news may wait for what follows it.
  async #show(): Promise<void> {
    const { plan } = this.#context;
    const running = [...this.#cuts.keys()];
    const waitingFor = running.every((id) => this.#waiting.has(id))
      ? describeWaiting(plan, running, this.#parked)
      : null;
    const movement = { ...progressOf(plan, this.#results), waitingFor };
    if (JSON.stringify(movement) === this.#shown) return;
    const dueInMs = this.#shownAtMs + MOVEMENT_MS - performance.now();
    if (waitingFor !== this.#calledWaiting || dueInMs <= 0) return await this.#tell(movement);
    this.#unsaid = movement;
    clearTimeout(this.#showTimer);
    this.#showTimer = setTimeout(() => this.#branches.interrupt(), dueInMs);
  }

  async #tell(movement: Movement): Promise<void> {
    const { knex, facts } = this.#context;
    await tellMovement(knex, facts.id, movement);
    tell(this.#context, 'debug', 'run.moved', { ...movement });
    this.#unsaid = undefined;
    this.#shown = JSON.stringify(movement);
    this.#shownAtMs = performance.now();
    this.#calledWaiting = movement.waitingFor;
  }
}
