// The plan of a coded workflow: a node for each call, in the order of the calls. Pure.
import { RETRY_POLICIES } from '../definitions/index.ts';
import type {
  ApprovalNode,
  ChildNode,
  CompensationPlan,
  Plan,
  PlanNode,
  RetryPolicy,
  WaitNode,
} from '../definitions/index.ts';
import { DEFAULT_BREAKER, didYouMean, isJsonObject } from '../kernel/index.ts';
import type { BreakerUse, Json } from '../kernel/index.ts';
import { MAX_OUTCOME_BYTES } from '../tools/index.ts';
import { noticesOf } from './coded-notices.ts';
import type { CodedPlaces } from './coded-places.ts';
import { codedHash, durationOf } from './coded-workflow.ts';
import type { CodedWorkflow } from './coded-workflow.ts';
import { recordable } from './recordable.ts';
import type { ResolvedCompensation, ResolvedNode } from './run-activity.ts';
import type { ActOptions, ApprovalRequest, SagaAct } from './saga.ts';
import { takeSecrets } from './secret.ts';

const DEFAULT_TIMEOUT = '30s';
const DEFAULT_RETRY = RETRY_POLICIES.idempotent_api_call;
/** As many attempts have step ids. */
const MAX_ATTEMPTS = 20;
const MAX_NAME_LENGTH = 200;
const APPROVER = /^(?:role|user):[^\s:]\S{0,199}$/;

export interface GrowingPlan extends Plan {
  act(name: string, act: GivenAct): ResolvedNode;
  acts(): readonly ResolvedNode[];
  approval(request: ApprovalRequest<Readonly<Record<string, Json>>>): ApprovalNode;
  wait(name: string, wait: WaitNode['wait']): WaitNode;
  /** Its input is the call's, as data. */
  child(name: string, child: Pick<ChildNode, 'workflow' | 'version' | 'optional'>): ChildNode;
}

/** An act with arguments of which nothing is known yet. */
export type GivenAct = Omit<SagaAct, 'with'> & { readonly with: object };

/** Nobody knows what a call depends on: what was done is undone one by one, the last to finish first. */
export function growingPlan(workflow: CodedWorkflow, places: CodedPlaces): GrowingPlan {
  const names = new Set<string>();
  const nodes: PlanNode[] = [];
  const acts: ResolvedNode[] = [];
  const add = <Node extends PlanNode>(node: Node): Node => {
    const { id } = node;
    if (names.has(id)) throw new TypeError(`two calls of ${workflow.name} are named "${id}"; give each its own name`);
    names.add(id);
    nodes.push(node);
    return node;
  };
  const base = (name: string, range: PlanNode['range']) => baseOf(checkedName(name), range, nodes.length);
  return {
    name: workflow.name,
    title: workflow.title,
    version: workflow.version,
    hash: codedHash(workflow),
    priority: 'normal',
    execution: 'eager',
    onFailure: 'compensate',
    compensationOrder: 'lifo',
    input: {},
    modules: [],
    waves: [],
    messageTopics: workflow.messages?.map(({ topic }) => topic) ?? [],
    nodes,
    act(name, act) {
      const node = add({ ...base(name, places.act(name)), ...actOf(act) });
      acts.push(node);
      return node;
    },
    acts: () => acts,
    approval: (request) => add({ ...base(request.name, places.wait(request.name)), ...approvalOf(request, acts) }),
    wait: (name, wait) => add({ ...base(name, places.wait(name)), kind: 'wait', optional: false, wait }),
    child: (name, child) => add({ ...base(name, places.wait(name)), kind: 'workflow', input: null, ...child }),
  };
}

// A step's name tells whose it is: what the engine adds to a name cannot be part of one.
function checkedName(name: string): string {
  if (name === '' || name.length > MAX_NAME_LENGTH) {
    throw new TypeError(`"${name}" is no name of a call: it has 1 to ${MAX_NAME_LENGTH} characters`);
  }
  if (!/^undo | open$/.test(name)) return name;
  throw new TypeError(`"${name}" is no name of a call: it must not begin with "undo " or end in " open"`);
}

function baseOf(name: string, range: PlanNode['range'], index: number) {
  return { id: name, name, module: name, index, dependencies: [], ancestors: [], wave: index, range } as const;
}

function actOf(act: GivenAct) {
  const { tool, action, compensation } = act;
  const timeoutMs = durationOf(act.timeout ?? DEFAULT_TIMEOUT);
  const retry = policyOf(act.retry);
  const breaker = act.breaker === undefined ? undefined : breakerOf(tool, act.breaker);
  if (compensation !== undefined && act.irreversible) {
    throw new TypeError(`${tool}.${action} is irreversible and has a compensation; it can be only one of the two`);
  }
  return {
    kind: 'activity',
    tool,
    action,
    with: {},
    ...argumentsOf(act, act.with),
    optional: act.optional ?? false,
    maxParallel: 1,
    timeoutMs,
    ...(act.heartbeat !== undefined && { heartbeatMs: durationOf(act.heartbeat) }),
    ...(breaker && { breaker }),
    retry,
    irreversible: act.irreversible ?? false,
    ...(compensation !== undefined && { compensation: undoOf(tool, compensation, { retry, timeoutMs, breaker }) }),
  } as const;
}

// Undefined members are left out, as JSON does.
function argumentsOf(
  { tool, action }: Pick<SagaAct, 'tool' | 'action'>,
  given: object,
): Pick<ResolvedNode, 'args' | 'secrets'> {
  const { args: written, secrets } = takeSecrets(given);
  const args = recordable(`the arguments of ${tool}.${action}`, written, MAX_OUTCOME_BYTES);
  if (!isJsonObject(args)) throw new TypeError(`the arguments of ${tool}.${action} are no object`);
  return { args, secrets };
}

function undoOf(
  tool: string,
  compensation: NonNullable<ActOptions['compensation']>,
  own: Pick<CompensationPlan, 'retry' | 'timeoutMs' | 'breaker'>,
): CompensationPlan | ResolvedCompensation {
  if (typeof compensation === 'string') return { tool, action: compensation, ...own };
  const { activity, with: args, retry, timeout } = compensation;
  return {
    tool: activity.tool,
    action: activity.action,
    ...argumentsOf(activity, args),
    retry: retry === undefined ? own.retry : policyOf(retry),
    timeoutMs: timeout === undefined ? own.timeoutMs : durationOf(timeout),
    // An undo by another tool goes to another service.
    ...(activity.tool === tool && { breaker: own.breaker }),
  };
}

function breakerOf(tool: string, breaker: NonNullable<ActOptions['breaker']>): BreakerUse {
  if (typeof breaker === 'string') return { service: breaker, park: false, settings: DEFAULT_BREAKER };
  const { service = tool, park = false, ...settings } = breaker;
  return { service, park, settings: { ...DEFAULT_BREAKER, ...settings } };
}

function policyOf(retry: ActOptions['retry']): RetryPolicy {
  if (typeof retry !== 'string') return inlinePolicy(retry ?? {});
  const policy = Object.entries(RETRY_POLICIES).find(([known]) => known === retry)?.[1];
  if (!policy) throw new TypeError(`unknown retry policy "${retry}"${didYouMean(retry, Object.keys(RETRY_POLICIES))}`);
  return policy;
}

function inlinePolicy(given: Partial<RetryPolicy>): RetryPolicy {
  const policy = { ...DEFAULT_RETRY, ...given };
  const { maxAttempts } = policy;
  if (Number.isInteger(maxAttempts) && maxAttempts >= 1 && maxAttempts <= MAX_ATTEMPTS) return policy;
  throw new TypeError(`maxAttempts is ${maxAttempts}; an act has 1 to ${MAX_ATTEMPTS} attempts`);
}

function approvalOf(request: ApprovalRequest<Readonly<Record<string, Json>>>, acts: readonly ResolvedNode[]) {
  const { approvers, editable = {} } = request;
  const wrong = approvers.find((approver) => !APPROVER.test(approver));
  if (wrong !== undefined) throw new TypeError(`approver "${wrong}" must be role:<name> or user:<name>`);
  if (approvers.length === 0) throw new TypeError(`"${request.name}" must name at least one approver`);
  const names = acts.map(({ id }) => id);
  const unknown = Object.keys(editable).find((name) => !names.includes(name));
  if (unknown !== undefined) {
    throw new TypeError(
      `"${request.name}" lets "${unknown}" be edited, which no act is named${didYouMean(unknown, names)}`,
    );
  }
  return {
    kind: 'approval',
    title: request.title,
    ...(request.body !== undefined && { body: request.body }),
    approvers,
    quorum: quorumOf(request),
    allowRequester: request.allowRequester ?? false,
    timeoutMs: durationOf(request.timeout),
    onTimeout: onTimeoutOf(request),
    ...(request.changes && { changes: { to: null, max: null } }),
    editable: Object.keys(editable),
    ...(request.form !== undefined && { form: request.form }),
    ...noticesOf(request),
    optional: request.optional ?? false,
  } as const;
}

function quorumOf({ name, approvers, quorum = 1 }: ApprovalRequest<Readonly<Record<string, Json>>>): number {
  if (!Number.isInteger(quorum) || quorum < 1)
    throw new TypeError(`the quorum of "${name}" is ${quorum}; it is 1 or more`);
  const isOpen = approvers.some((approver) => approver.startsWith('role:'));
  if (isOpen || new Set(approvers).size >= quorum) return quorum;
  throw new TypeError(`"${name}" needs ${quorum} approvals, and names ${new Set(approvers).size} users`);
}

// Nobody can have one call of code made again: that is for the code.
function onTimeoutOf({ name, onTimeout = 'reject' }: { name: string; onTimeout?: string }): 'reject' | 'approve' {
  if (onTimeout === 'reject' || onTimeout === 'approve') return onTimeout;
  const remedy = onTimeout === 'ask' ? '; in code, make the question optional and ask again' : '';
  throw new TypeError(`onTimeout of "${name}" is ${JSON.stringify(onTimeout)}; it is reject or approve${remedy}`);
}
