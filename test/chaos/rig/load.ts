// Steady work for the fleet: a bounded number of mixed runs under way, each started until acknowledged, decided, sent to, cancelled.
import { setTimeout as delay } from 'node:timers/promises';
import type pg from 'pg';
import type { Random } from '../faults/index.ts';
import type { Answer, Api } from './api.ts';
import { loadEnded, loadPendingApprovals } from './app-store.ts';
import type { AcknowledgedDecision, StartFact } from './facts.ts';
import { chooseRun } from './mix.ts';
import type { ChosenRun } from './mix.ts';

const TICK_MS = 150;

interface UnderWay extends ChosenRun {
  readonly startedAt: number;
}

interface MutableStart extends StartFact {
  readonly runIds: string[];
}

export interface LoadSettings {
  readonly api: Api;
  readonly database: pg.Pool;
  readonly random: Random;
  readonly startsPerSecond: number;
}

export interface StartOptions {
  readonly key?: string;
  readonly at?: () => string | undefined;
}

export class Load {
  readonly starts: MutableStart[] = [];
  readonly decisions: AcknowledgedDecision[] = [];
  readonly oddAnswers: string[] = [];
  /** Runs seen to have ended, and when the last one did. */
  ended = 0;
  lastEndedAt = 0;
  readonly #settings: LoadSettings;
  readonly #underWay = new Map<string, UnderWay>();
  readonly #asked = new Set<string>();
  readonly #errands = new Set<Promise<void>>();
  #pendingStarts = 0;
  #target = 0;
  #seq = 0;
  #stopped = false;
  #loop: Promise<void> = Promise.resolve();

  constructor(settings: LoadSettings) {
    this.#settings = settings;
  }

  begin(): void {
    this.#loop = this.#run();
  }

  /** How many runs to keep under way from now on. */
  aim(target: number): void {
    this.#target = target;
  }

  get underWay(): number {
    return this.#underWay.size + this.#pendingStarts;
  }

  /** Starts nothing more and waits for what is under way. The ids of what does not end in time. */
  async drain(timeoutMs: number): Promise<string[]> {
    this.#target = 0;
    const deadline = performance.now() + timeoutMs;
    while ((this.underWay > 0 || this.#errands.size > 0) && performance.now() < deadline) await delay(TICK_MS);
    return [...this.#underWay.keys()];
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#loop;
  }

  /** Starts a run until it is acknowledged, by the replica `at` if one is named: its id. */
  async start(chosen: ChosenRun, { key = this.nextKey(), at }: StartOptions = {}): Promise<string> {
    this.#pendingStarts++;
    try {
      const { workflow, input, allowed } = chosen;
      const answer = await this.#settings.api.insist({
        method: 'POST',
        path: '/v1/runs',
        body: { workflow, input },
        idempotencyKey: key,
        at,
      });
      const id = this.#expect(answer, [202], `start of ${workflow}`) ? String(answer.body['id']) : '';
      this.#acknowledge(key, id, workflow, allowed);
      this.#underWay.set(id, { ...chosen, startedAt: Date.now() });
      if (chosen.message) this.#errand(() => this.#sendMessage(id));
      if (chosen.cancelAfterMs !== undefined) this.#errand(() => this.#cancel(id, chosen.cancelAfterMs ?? 0));
      return id;
    } finally {
      this.#pendingStarts--;
    }
  }

  nextKey(): string {
    return `chaos-${++this.#seq}`;
  }

  /** Decides until answered. True when this was the decision that counted. */
  async decide(approval: string, decision: 'approve' | 'reject'): Promise<boolean> {
    const path = `/v1/approvals/${approval}/decisions`;
    const answer = await this.#settings.api.insist({ method: 'POST', path, body: { decision } });
    this.#expect(answer, [200, 409, 410], `decision on ${approval}`);
    if (answer.status === 200) this.decisions.push({ approval, decision });
    return answer.status === 200;
  }

  /** The rig decides this run's approval itself. */
  leaveAlone(run: string): void {
    this.#asked.add(run);
  }

  async sendMessage(run: string): Promise<void> {
    const path = `/v1/runs/${run}/messages/answer`;
    const answer = await this.#settings.api.insist({
      method: 'POST',
      path,
      body: { yes: true },
      idempotencyKey: `message-${run}`,
    });
    // 409: it was cancelled before.
    this.#expect(answer, [202, 409], `message to ${run}`);
  }

  #acknowledge(key: string, id: string, workflow: string, allowed: readonly string[]): void {
    const known = this.starts.find((start) => start.key === key);
    if (known) known.runIds.push(id);
    else this.starts.push({ key, runIds: [id], workflow, allowed });
  }

  #expect(answer: Answer, statuses: readonly number[], what: string): boolean {
    if (statuses.includes(answer.status)) return true;
    this.oddAnswers.push(`${what} was answered ${answer.status} ${JSON.stringify(answer.body).slice(0, 200)}`);
    return false;
  }

  async #run(): Promise<void> {
    while (!this.#stopped) {
      await this.#tick();
      await delay(TICK_MS);
    }
  }

  async #tick(): Promise<void> {
    const perTick = Math.ceil((this.#settings.startsPerSecond * TICK_MS) / 1_000);
    const room = Math.min(perTick, this.#target - this.underWay);
    for (let n = 0; n < room; n++) {
      const chosen = chooseRun(this.#settings.random);
      this.#errand(async () => void (await this.start(chosen)));
    }
    try {
      await this.#noteEnded();
      await this.#askPeople();
    } catch {
      // Postgres is down just now, as planned: the next tick looks again.
    }
  }

  async #noteEnded(): Promise<void> {
    const ids = [...this.#underWay.keys()];
    for (const { id } of ids.length > 0 ? await loadEnded(this.#settings.database, ids) : []) {
      this.#underWay.delete(id);
      this.ended++;
      this.lastEndedAt = Date.now();
    }
  }

  async #askPeople(): Promise<void> {
    for (const { id, run } of await loadPendingApprovals(this.#settings.database)) {
      const chosen = this.#underWay.get(run);
      if (!chosen || this.#asked.has(run)) continue;
      this.#asked.add(run);
      this.#errand(async () => {
        await delay(chosen.decideAfterMs ?? 0);
        await Promise.all((chosen.decisions ?? []).map((decision) => this.decide(id, decision)));
      });
    }
  }

  async #sendMessage(run: string): Promise<void> {
    await delay(this.#settings.random.int(0, 2_000));
    await this.sendMessage(run);
  }

  async #cancel(run: string, afterMs: number): Promise<void> {
    await delay(afterMs);
    const answer = await this.#settings.api.insist({ method: 'POST', path: `/v1/runs/${run}/cancel`, body: {} });
    // 409: it has ended.
    this.#expect(answer, [202, 409], `cancel of ${run}`);
  }

  #errand(work: () => Promise<void>): void {
    const errand = work().catch((error: unknown) => {
      this.oddAnswers.push(error instanceof Error ? error.message : String(error));
    });
    this.#errands.add(errand);
    void errand.finally(() => this.#errands.delete(errand));
  }
}
