// The keys of a definition, as authors write them. Editors complete from the JSON Schema that is made of this; what is not built yet is refused by name.
import { z } from 'zod';
import { FORBIDDEN_KEYS, MAX_BREAKER_WINDOW_MS, didYouMean, parseDuration } from '../kernel/index.ts';
import type { JsonObject } from '../kernel/index.ts';
import { RETRY_POLICY_NAMES } from './retry-policies.ts';
import { isVersion } from './version.ts';

/** A map with these keys only. `later` names keys of the full form that are not built yet, `elsewhere` says where other keys belong. */
function keys<Shape extends z.ZodRawShape>(
  shape: Shape,
  later: readonly string[] = [],
  elsewhere: ReadonlyMap<string, string> = new Map(),
) {
  const known = Object.keys(shape);
  const explain = (key: string): string => {
    if (later.includes(key)) return `"${key}" is not supported yet`;
    return `unknown key "${key}"${elsewhere.get(key) ?? didYouMean(key, known)}`;
  };
  return z.strictObject(shape, {
    // One line a key; read-document.ts gives each its own place.
    error: (issue) => (issue.code === 'unrecognized_keys' ? issue.keys.map(explain).join('\n') : undefined),
  });
}

/** One of some words; `later` are words of the full form that are not built yet. */
function choice<const Values extends readonly [string, ...string[]]>(values: Values, later: readonly string[] = []) {
  return z.enum(values, { error: ({ input }) => explainChoice(input, values, later) });
}

function explainChoice(input: unknown, values: readonly string[], later: readonly string[] = []): string {
  if (typeof input === 'string' && later.includes(input)) return `"${input}" is not supported yet`;
  const hint = typeof input === 'string' ? didYouMean(input, values) : '';
  return `must be one of ${values.join(', ')}, not ${JSON.stringify(input)}${hint}`;
}

const duration = z
  .string()
  .regex(/^\s*\d{1,12}(?:\.\d{1,9})?(?:ms|s|m|h|d)\s*$/, 'must be a duration such as 500ms, 30s, 5m, 24h or 7d')
  .refine((each) => (parseDuration(each) ?? 0) > 0, 'must be longer than nothing and at most ten years');

const MAX_OPEN_MS = 24 * 3_600_000;

function within(written: string, minMs: number, maxMs: number): boolean {
  const ms = parseDuration(written) ?? 0;
  return ms >= minMs && ms <= maxMs;
}

const name = z
  .string()
  .regex(/^[A-Za-z][A-Za-z0-9_-]{0,63}$/, 'must start with a letter and have at most 64 letters, digits, _ or -')
  .refine((each) => !FORBIDDEN_KEYS.has(each), 'is a reserved word');

const text = z.string().min(1, 'must not be empty').max(16_384, 'is longer than 16384 characters');
const condition = z.union([z.string(), z.boolean()], { error: 'must be a CEL expression, true or false' });
const count = (max: number) =>
  z.int('must be a whole number').min(1, 'must be at least 1').max(max, `must be at most ${max}`);
const names = z.array(z.string());
const jsonObject = z.record(z.string(), z.json());

const retry = z
  .union(
    [
      choice(['idempotent_api_call', 'financial_transaction', 'user_notification', 'none']),
      keys({
        strategy: choice(['exponential', 'linear', 'immediate', 'manual'])
          .optional()
          .describe('How the delay grows; manual: never by itself. Default exponential.'),
        max_attempts: count(20).optional().describe('Executions in all, the first included. Default 5, at most 20.'),
        initial_interval: duration.optional().describe('Delay before the second attempt. Default 1s.'),
        backoff: z
          .number()
          .min(1, 'must be at least 1')
          .max(100, 'must be at most 100')
          .optional()
          .describe('Factor from one delay to the next. Default 2.'),
        max_interval: duration.optional().describe('No delay is longer. Default 60s.'),
        max_elapsed: duration
          .optional()
          .describe('No attempt starts later than this after the first. Default: no limit.'),
        jitter: z.boolean().optional().describe('Adds 0-25 % to each delay. Default true.'),
        non_retryable: names.optional().describe('Failure codes that are never tried again.'),
      }),
    ],
    { error: `must be a named policy (${RETRY_POLICY_NAMES.join(', ')}) or a policy of its own` },
  )
  .describe('What to do after a failed attempt: a named policy or one of its own. Default idempotent_api_call.');

const compensation = z
  .union(
    [
      name.describe('An action of the same tool; its arguments come from the adapter.'),
      keys({
        tool: name.optional().describe("Default: the activity's tool."),
        action: name.describe('The action that takes the activity back.'),
        with: jsonObject
          .optional()
          .describe('Arguments; `result` is what the activity answered. Absent: the adapter makes them.'),
        retry: retry.optional(),
        timeout: duration.optional().describe('Of one attempt. Default 30s.'),
      }),
    ],
    { error: 'must be the name of an action, or {tool, action, with, retry, timeout}' },
  )
  .describe('What takes this activity back when the run turns round.');

/** A breaker is shown, audited and counted under its service's name. */
const breaker = z
  .union(
    [
      name.describe('The service whose breaker it is.'),
      keys({
        service: name.optional().describe('Default: the tool.'),
        park: z
          .boolean()
          .optional()
          .describe('While the service is down the activity waits for it, and holds no slot. Default false: it fails.'),
      }),
    ],
    { error: 'must be the name of a service, or {service, park}' },
  )
  .describe("The circuit breaker that the activity goes through. Default: its tool's.");

const breakerSettings = keys({
  failures: count(1_000).optional().describe('So many failures in a row open it. Default 5.'),
  window: duration
    .refine((each) => within(each, 1_000, MAX_BREAKER_WINDOW_MS), 'must be from 1s to 5m')
    .optional()
    .describe('How far back calls count for `rate`. Default 60s.'),
  rate: z
    .number()
    .gt(0, 'must be more than 0')
    .max(1, 'must be at most 1')
    .optional()
    .describe('This share of failed calls in the window opens it, from twice `failures` calls on. Default 0.5.'),
  open: duration
    .refine((each) => within(each, 100, MAX_OPEN_MS), 'must be from 100ms to 24h')
    .optional()
    .describe('How long it refuses calls before one may try. Default 60s.'),
  successes: count(100).optional().describe('So many tries in a row close it again. Default 2.'),
});

const activity = keys({
  name: name.describe('Unique in its module; `outputs.<module>.<name>` is what the activity answered.'),
  tool: name.describe('The tool to call, by name or alias.'),
  action: name.describe('The action of the tool.'),
  with: jsonObject.optional().describe('Arguments. "${{ cel }}" keeps its type, "text {{ liquid }}" is text.'),
  when: condition.optional().describe('CEL; false skips the activity. Its output is then null and dependents run.'),
  for_each: z
    .string()
    .optional()
    .describe('CEL giving a list; the activity runs once an item, with `item` and `index`.'),
  max_parallel: count(1_000).optional().describe('Items of for_each that run at once. Default 5.'),
  depends_on: names
    .optional()
    .describe('Siblings, or `module.activity`; in a sequential module earlier siblings only.'),
  timeout: duration.optional().describe('Of one attempt. Default 30s.'),
  heartbeat: duration
    .optional()
    .describe(
      'An attempt that shows no sign of life this long is stalled, and tried again. Default: it may be silent.',
    ),
  retry: retry.optional(),
  optional: z.boolean().optional().describe('A failure counts as settled, with output null. Default false.'),
  compensation: compensation.optional(),
  irreversible: z
    .boolean()
    .optional()
    .describe('Nothing takes this back: a later failure holds the run for an operator.'),
  breaker: breaker.optional(),
});

const channel = keys({
  tool: choice(['slack', 'sendgrid']).describe('slack: a message with buttons. sendgrid: a mail with a signed link.'),
  to: text.describe('The channel at Slack, or the mail address; may hold {{ }}.'),
  as: text.optional().describe('Whom the link in the mail speaks for: one who is asked. Default: the first of them.'),
});

const escalation = keys({
  after: duration.describe('How long after the question.'),
  to: z
    .union([z.array(z.string()).min(1, 'must name at least one approver'), z.string()], {
      error: 'must be a list of role:<name> and user:<name>',
    })
    .describe('Who may decide from then on, beside those who were asked.'),
  notify: z.array(channel).max(20).optional().describe("Who is told then. Default: the approval's channels at Slack."),
});

const approval = keys({
  title: text.describe('The question in a line; may hold {{ }}.'),
  body: text.optional().describe('What the approver needs to know; may hold {{ }}.'),
  approvers: z
    .union([z.array(z.string()).min(1, 'must name at least one approver'), z.string()], {
      error: 'must be a list of role:<name> and user:<name>',
    })
    .describe('Who may decide: role:<name> or user:<name>.'),
  quorum: count(100).optional().describe('Approvals needed, each of another person. Default 1.'),
  allow_requester: z.boolean().optional().describe('May the one who started the run decide? Default false.'),
  timeout: duration.describe('How long to wait; shorter than the timeout of the run.'),
  on_timeout: choice(['reject', 'approve', 'ask'])
    .optional()
    .describe('What an unanswered question means; ask: the run is held until an operator decides. Default reject.'),
  changes: keys({
    to: name.describe('The module that is done again, and whatever was built on it.'),
    max: count(20).optional().describe('How often. Default 3.'),
  })
    .optional()
    .describe('An approver may ask for changes instead of deciding.'),
  editable: names.optional().describe('Activities whose output the approver may edit.'),
  form: jsonObject.optional().describe("JSON Schema of the approver's answers."),
  notify: z.array(channel).max(20).optional().describe('Who is told of the question, and where.'),
  remind_at: z.array(duration).max(20).optional().describe('When who was told is reminded, from the question on.'),
  escalate: z.array(escalation).max(10).optional().describe('Who is asked too when nobody has answered.'),
});

const wait = keys({
  message: z
    .string()
    .regex(/^[A-Za-z0-9][A-Za-z0-9_.-]{0,127}$/, 'must be a topic: at most 128 letters, digits, dot, _ or -')
    .optional()
    .describe('Topic of the message to wait for; its body is the output.'),
  timeout: duration.optional().describe('How long to wait for the message. Default: no limit.'),
  for: duration.optional().describe('How long to wait.'),
  until: text.optional().describe('Wait until this time, ISO 8601; may hold ${{ }}.'),
});

const anyModule = {
  id: name.describe('Unique in the document.'),
  depends_on: names.optional().describe('Modules that must be settled first.'),
  when: condition.optional().describe('CEL; false skips the whole module.'),
  optional: z.boolean().optional().describe('Its failures count as settled. Default false.'),
  progress: z
    .number()
    .min(0, 'must be at least 0')
    .max(100, 'must be at most 100')
    .optional()
    .describe("The run's percentage once this module is settled."),
};

/** Keys that go with another type. */
const ELSEWHERE: ReadonlyMap<string, string> = new Map(
  ['workflow', 'version', 'input'].map((key) => [key, ': only modules of type workflow have it'] as const),
);
/** Approvals and waits have a timeout of their own, and nothing to run in parallel. */
const onlyOfActivities = (own: string): ReadonlyMap<string, string> =>
  new Map([
    ...ELSEWHERE,
    ['timeout', `: put it inside "${own}"`],
    ['require', ': only modules of activities have it'],
    ['max_parallel', ': only modules of activities have it'],
    ['activities', `: a module of type ${own} has none`],
  ]);

const activities = keys(
  {
    ...anyModule,
    type: z
      .enum(['sequential', 'parallel'])
      .optional()
      .describe('sequential (default): one after the other. parallel: together.'),
    require: condition
      .optional()
      .describe("CEL over the module's own activities once they are settled; false fails the module."),
    timeout: duration
      .optional()
      .describe('From its last dependency on, retries and waiting included. Default: no limit.'),
    max_parallel: count(1_000).optional().describe('Activities of this module that run at once. Default: all.'),
    activities: z.array(activity).describe('The calls of this module.'),
  },
  [],
  ELSEWHERE,
);

const approvalModule = keys(
  {
    ...anyModule,
    type: z.literal('approval').describe('Asks people.'),
    approval: approval.describe('The question, and who may answer it.'),
  },
  [],
  onlyOfActivities('approval'),
);
const waitModule = keys(
  {
    ...anyModule,
    type: z.literal('wait').describe('Waits for a message or a time.'),
    wait: wait.describe('Exactly one of message, for and until.'),
  },
  [],
  onlyOfActivities('wait'),
);

const childModule = keys(
  {
    ...anyModule,
    type: z.literal('workflow').describe('Runs another workflow and waits for its end.'),
    workflow: z.string().min(1, 'must not be empty').max(200).describe('The name of the other workflow.'),
    version: z
      .string({ error: 'must be a semantic version in quotes, such as "1.2.0"' })
      .refine(isVersion, 'must be a semantic version such as 1.2.0')
      .optional()
      .describe('Default: the highest there is when the module starts.'),
    input: jsonObject.optional().describe('Its input; may hold ${{ }} and {{ }}.'),
    timeout: duration
      .optional()
      .describe('From its last dependency on. The child run is then cancelled. Default: no limit.'),
  },
  [],
  new Map([
    ['require', ': only modules of activities have it'],
    ['max_parallel', ': only modules of activities have it'],
    ['activities', ': a module of type workflow has none'],
  ]),
);

export const MODULE_TYPES = ['parallel', 'sequential', 'approval', 'wait', 'workflow'] as const;

const module = z.discriminatedUnion('type', [activities, approvalModule, waitModule, childModule], {
  error: (issue) => {
    if (issue.code !== 'invalid_union' || typeof issue.input !== 'object' || issue.input === null) return undefined;
    return explainChoice('type' in issue.input ? issue.input.type : undefined, MODULE_TYPES);
  },
});

const workflow = keys({
  name: z
    .string()
    .min(1, 'must not be empty')
    .max(200, 'is longer than 200 characters')
    .describe('A name or a title; its slug is the name.'),
  version: z
    .string({ error: 'must be a semantic version in quotes, such as "1.2.0"' })
    .refine(isVersion, 'must be a semantic version such as 1.2.0')
    .optional()
    .describe('Semantic version. Absent: 0.0.0-<first 8 of the hash>.'),
  description: z.string().max(4_096, 'is longer than 4096 characters').optional().describe('What the workflow is for.'),
  input: jsonObject.optional().describe('JSON Schema 2020-12 of the input.'),
  timeout: duration.optional().describe('Of the run, waits for people included. Default: no limit.'),
  priority: choice(['low', 'normal', 'high', 'critical'])
    .optional()
    .describe('Who gets a free slot first. Default normal.'),
  execution: choice(['eager', 'waves'])
    .optional()
    .describe('eager (default): a node starts when its own dependencies are done. waves: barriers between depths.'),
  on_failure: choice(['compensate', 'ask', 'stop'])
    .optional()
    .describe('compensate (default) what was done; ask: an operator decides the failed node; stop: leave it as it is.'),
  compensation_order: choice(['reverse_graph', 'lifo'])
    .optional()
    .describe('reverse_graph (default): dependents first, siblings together. lifo: one by one.'),
});

export const documentSchema = keys({
  workflow: workflow.describe('What the workflow is called and how it runs.'),
  modules: z.array(module).min(1, 'must have at least one module').describe('The parts of the workflow.'),
  breakers: z
    .record(name, breakerSettings)
    .optional()
    .describe('Settings of circuit breakers, by service: a tool, or what a `breaker` names.'),
  output: z.json().optional().describe("The run's output; may hold ${{ }} and {{ }}."),
}).describe('A Breakwater workflow definition.');

export type Document = z.output<typeof documentSchema>;
export type ModuleDocument = Document['modules'][number];
export type ActivitiesDocument = z.output<typeof activities>;
export type ActivityDocument = z.output<typeof activity>;
export type BreakerDocument = z.output<typeof breakerSettings>;
export type ApprovalDocument = z.output<typeof approvalModule>;
export type ChannelDocument = z.output<typeof channel>;
export type WaitDocument = z.output<typeof waitModule>;
export type ChildDocument = z.output<typeof childModule>;

/** JSON Schema 2020-12 of a definition, for editors and `GET /v1/definitions/schema.json`. */
export function definitionJsonSchema(): JsonObject {
  const schema = z.toJSONSchema(documentSchema, { io: 'input', target: 'draft-2020-12' });
  return jsonObjectSchema.parse({ ...schema, title: 'Breakwater workflow' });
}

const jsonObjectSchema = z.record(z.string(), z.json());
