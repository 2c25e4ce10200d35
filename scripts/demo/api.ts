// The demo's own calls: to the app's API with its admin key, and to the sandbox's ledger.
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';

const POLL_MS = 100;

const campaign = z.object({
  id: z.string(),
  status: z.string(),
  progress: z.number(),
  phase: z.string().optional(),
  waiting: z.string().optional(),
  output: z.unknown().optional(),
  error: z.object({ code: z.string(), message: z.string(), node: z.string().optional() }).optional(),
  finishedAt: z.string().optional(),
});
export type Campaign = z.infer<typeof campaign>;

const approval = z.object({
  id: z.string(),
  runId: z.string(),
  title: z.string(),
  status: z.string(),
  approvers: z.array(z.string()),
  deadline: z.string(),
});
export type Approval = z.infer<typeof approval>;

const ledgerEntry = z.object({ vendor: z.string(), kind: z.string(), id: z.string(), deletedAt: z.string().nullish() });
export type LedgerEntry = z.infer<typeof ledgerEntry>;

export class DemoApi {
  readonly #url: string;
  readonly #key: string;

  constructor(url: string, key: string) {
    this.#url = url;
    this.#key = key;
  }

  async startCampaign(input: unknown, idempotencyKey: string): Promise<{ id: string }> {
    const headers = { 'idempotency-key': idempotencyKey };
    return z.object({ id: z.string() }).parse(await this.#call('POST', '/v1/campaigns', input, headers));
  }

  async publish(definition: unknown): Promise<void> {
    await this.#call('POST', '/v1/definitions', definition);
  }

  async startRun(workflow: string): Promise<{ id: string }> {
    return z.object({ id: z.string() }).parse(await this.#call('POST', '/v1/runs', { workflow, input: {} }));
  }

  async runUntilFinished(id: string): Promise<void> {
    await this.#call('GET', `/v1/runs/${id}?wait=30s`);
  }

  async campaign(id: string): Promise<Campaign> {
    return campaign.parse(await this.#call('GET', `/v1/campaigns/${id}`));
  }

  /** The first look at which `done` holds. */
  async until(id: string, done: (campaign: Campaign) => boolean): Promise<Campaign> {
    for (;;) {
      const seen = await this.campaign(id);
      if (done(seen)) return seen;
      await sleep(POLL_MS);
    }
  }

  async pendingApproval(runId: string): Promise<Approval | undefined> {
    const page = z
      .object({ items: z.array(approval) })
      .parse(await this.#call('GET', '/v1/approvals?status=pending&limit=200'));
    return page.items.find((each) => each.runId === runId);
  }

  async decide(approvalId: string, decision: unknown): Promise<void> {
    await this.#call('POST', `/v1/approvals/${approvalId}/decisions`, decision);
  }

  async #call(method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<unknown> {
    const response = await fetch(`${this.#url}${path}`, {
      method,
      headers: {
        authorization: `Bearer ${this.#key}`,
        ...(body !== undefined && { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    const answer: unknown = await response.json();
    if (!response.ok) throw new Error(`${method} ${path} answered ${response.status}: ${JSON.stringify(answer)}`);
    return answer;
  }
}

/** What the vendors' doubles hold. */
export async function readLedger(sandboxUrl: string): Promise<LedgerEntry[]> {
  const response = await fetch(`${sandboxUrl}/_ledger`);
  return z.array(ledgerEntry).parse(await response.json());
}
