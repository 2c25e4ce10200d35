// A client of the app under test: starts a run and answers what it waits for, each request safe to repeat at another process.
import { z } from 'zod';
import { isFinal, RUN_STATUSES } from '../runs/index.ts';
import { askJson } from './json-http.ts';
import type { JsonRequest } from './json-http.ts';
import type { DefinitionText, Operation, Scenario } from './scenario.ts';

const runAnswer = z.object({
  id: z.string(),
  status: z.enum(RUN_STATUSES),
  cause: z.string().nullish(),
  output: z.json().optional(),
  waiting: z.string().optional(),
  children: z.array(z.object({ runId: z.string() })).default([]),
  error: z.object({ code: z.string(), message: z.string(), node: z.string().optional() }).optional(),
});
export type RunAnswer = z.infer<typeof runAnswer>;

const published = z.object({ name: z.string(), version: z.string() });
const pendingApprovals = z.object({ items: z.array(z.object({ id: z.string(), runId: z.string() })) });

/** Decided meanwhile, or by the attempt before this one whose answer was lost. */
const DECIDED_ALREADY = [409, 410];

/** Done meanwhile, or by the attempt before this one whose answer was lost. */
const DONE_ALREADY = [409];

/** Which workflow to start. */
export interface WorkflowName {
  readonly workflow: string;
  readonly version?: string;
}

export class Client {
  readonly #url: string;
  readonly #key: string;

  constructor(url: string, key: string) {
    this.#url = url;
    this.#key = key;
  }

  async publish({ source, format }: DefinitionText): Promise<WorkflowName> {
    const contentType = `application/${format}`;
    const { name, version } = published.parse(
      await this.#ask('POST', '/v1/definitions', { body: source, contentType }),
    );
    return { workflow: name, version };
  }

  /** The same key gives the same run. */
  async start(name: WorkflowName, scenario: Scenario, key: string): Promise<string> {
    const body = { ...name, input: scenario.input };
    const started = await this.#ask('POST', '/v1/runs', { body, headers: { 'idempotency-key': key } });
    return z.object({ id: z.string() }).parse(started).id;
  }

  async run(id: string): Promise<RunAnswer> {
    return runAnswer.parse(await this.#ask('GET', `/v1/runs/${id}`));
  }

  /** Decides what the run asks and sends what it waits for, as the scenario says. */
  async answer(id: string, { decide, messages }: Scenario): Promise<void> {
    for (const [index, { topic, body }] of messages.entries()) {
      const headers = { 'idempotency-key': `${id} message ${index}` };
      await this.#ask('POST', `/v1/runs/${id}/messages/${encodeURIComponent(topic)}`, { body, headers }, [409]);
    }
    if (decide === 'nobody') return;
    const { items } = pendingApprovals.parse(await this.#ask('GET', '/v1/approvals?status=pending&limit=200'));
    for (const approval of items.filter(({ runId }) => runId === id)) {
      await this.#ask('POST', `/v1/approvals/${approval.id}/decisions`, { body: decide }, DECIDED_ALREADY);
    }
  }

  async operate(id: string, { verb, body }: Operation): Promise<void> {
    await this.#ask('POST', `/v1/runs/${id}/${verb}`, { body }, DONE_ALREADY);
  }

  async #ask(method: string, path: string, request: JsonRequest = {}, alsoFine: readonly number[] = []) {
    const headers = { ...request.headers, authorization: `Bearer ${this.#key}` };
    const { status, body } = await askJson(method, `${this.#url}${path}`, { ...request, headers });
    if (status < 300 || alsoFine.includes(status)) return body;
    throw new Error(`${method} ${path} was answered ${status}: ${JSON.stringify(body)}`);
  }
}

/** Undefined: no operator does anything to it any more. */
export function hasEnded({ status }: RunAnswer, next: Operation | undefined): boolean {
  return next?.when !== status && (isFinal(status) || status === 'stuck' || status === 'held');
}
