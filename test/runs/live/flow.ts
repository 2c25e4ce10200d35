// One definition under test: its activities write files of its own at the sandbox's GitHub, so that what was done, when, is in the log of calls.
import { stringify } from 'yaml';
import type { Call, Fault } from '../../../sandbox/index.ts';
import type { RunView } from '../../../src/runs/index.ts';
import { until } from '../../support/until.ts';
import type { FlowWorld } from './live-app.ts';

export type Part = Readonly<Record<string, unknown>>;

/** Retries at once, so that tests need not wait. */
export const atOnce = (maxAttempts: number): Part => ({ strategy: 'immediate', max_attempts: maxAttempts });

/** A request that changed, or was meant to change, a file. */
export interface Act {
  /** `write` is the activity, `undo` its compensation. */
  readonly what: string;
  readonly atMs: number;
  readonly key: string | undefined;
}

/** A row of the view activity_status. */
export interface NodeRow {
  readonly node: string;
  readonly status: string;
  readonly attempts: string;
  readonly started_at: Date | null;
  readonly finished_at: Date | null;
  readonly key: string | null;
  readonly error_code: string | null;
  readonly compensation_status: string | null;
}

const REPOSITORY = '/repos/acme/website/contents';

export class Flow {
  readonly name: string;
  readonly #live: FlowWorld;

  constructor(live: FlowWorld, name: string) {
    this.#live = live;
    this.name = name;
  }

  /**
   * An activity that writes the file of its name and is undone by deleting it. One attempt, unless `over` says otherwise. Through a
   * breaker of the flow's own: what others strike refuses nothing here.
   */
  write(name: string, over: Part = {}): Part {
    const file = { owner: 'acme', repo: 'website', path: `${this.name}/${name}`, content: name };
    return {
      name,
      tool: 'github',
      action: 'create_or_update_file',
      with: file,
      retry: 'none',
      breaker: this.name,
      compensation: { action: 'delete_file', retry: 'none' },
      ...over,
    };
  }

  /** An activity that writes one file an item: `<name>-<index>`. */
  writeEach(name: string, list: string, over: Part = {}): Part {
    const write = this.write(name, { for_each: list, ...over });
    return { ...write, with: { ...(write.with as Part), path: `${this.name}/${name}-{{ index }}` } };
  }

  async strike(file: string, fault: Omit<Fault, 'vendor' | 'match'>, method = 'PUT'): Promise<void> {
    await this.#live.sandbox.fault({
      vendor: 'github',
      match: { method, path: `${REPOSITORY}/${this.name}/${file}` },
      ...fault,
    });
  }

  /** The vendor's answer about this file comes late; the effect does not. */
  async slow(file: string, delayMs: number, method = 'PUT'): Promise<void> {
    await this.strike(file, { fault: 'delay', delayMs, times: 1 }, method);
  }

  async start(modules: readonly Part[], { input = {}, output, ...workflow }: StartOptions = {}): Promise<string> {
    await this.publish(modules, { output, ...workflow });
    return await this.startAgain({ input });
  }

  yaml(modules: readonly Part[], { output, breakers, ...workflow }: Omit<StartOptions, 'input'> = {}): string {
    const document = { workflow: { name: this.name, ...workflow }, modules, breakers, output };
    return stringify(document, { aliasDuplicateObjects: false });
  }

  async publish(modules: readonly Part[], options: Omit<StartOptions, 'input'> = {}): Promise<void> {
    const text = this.yaml(modules, options);
    const { status, body } = await this.#live.publish(text);
    if (status !== 201) throw new Error(`the definition was refused: ${JSON.stringify(body)}\n${text}`);
  }

  /** A further run of what is published. */
  async startAgain(request: Part): Promise<string> {
    const { status, body } = await this.#live.call('POST', '/v1/runs', { workflow: this.name, ...request });
    if (status !== 202) throw new Error(`the run was refused: ${JSON.stringify(body)}`);
    return String(body.id);
  }

  /** Starts a run and waits for its end. */
  async run(modules: readonly Part[], options: StartOptions = {}): Promise<RunView> {
    return await this.end(await this.start(modules, options));
  }

  /** The run once it is final. */
  async end(runId: string): Promise<RunView> {
    const { body } = await this.#live.call<RunView>('GET', `/v1/runs/${runId}?wait=30s`);
    if (body.finishedAt === undefined) throw new Error(`run ${runId} does not end: ${JSON.stringify(body)}`);
    return body;
  }

  async view(runId: string): Promise<RunView> {
    return (await this.#live.call<RunView>('GET', `/v1/runs/${runId}`)).body;
  }

  async untilStatus(runId: string, status: RunView['status']): Promise<RunView> {
    return await until(
      async () => {
        const view = await this.view(runId);
        return view.status === status && view;
      },
      { what: `run ${runId} to be ${status}` },
    );
  }

  /** Waits until the vendor has been asked for so many acts of this name. */
  async untilCalled(what: string, times = 1): Promise<void> {
    await until(async () => (await this.acts()).filter((act) => act.what === what).length >= times, {
      what: `${this.name} to ${what}, ${times} times`,
    });
  }

  /** What was asked of the vendor, in order: `write a`, `undo a`. */
  async acts(): Promise<Act[]> {
    const own = `${REPOSITORY}/${this.name}/`;
    const calls = (await this.#live.sandbox.calls('github')).filter(({ path }) => path.startsWith(own));
    return calls.filter(({ method }) => method !== 'GET').map((call) => actOf(call, call.path.slice(own.length)));
  }

  /** {@link acts} by name alone. */
  async told(): Promise<string[]> {
    return (await this.acts()).map(({ what }) => what);
  }

  async act(what: string): Promise<Act> {
    const found = (await this.acts()).find((act) => act.what === what);
    if (!found) throw new Error(`${this.name} was never asked to ${what}`);
    return found;
  }

  /** The flow's files that are still at the vendor, by name. */
  async files(): Promise<string[]> {
    const files = (await this.#live.sandbox.created()).filter((entry) => entry.kind === 'file' && !entry.deletedAt);
    const paths = files.map(({ data }) => data.path as string).filter((path) => path.startsWith(`${this.name}/`));
    return paths.map((path) => path.slice(this.name.length + 1)).toSorted();
  }

  /** The view activity_status by node. */
  async nodes(runId: string): Promise<Record<string, NodeRow>> {
    const view = this.#live.knex.withSchema('breakwater').table<NodeRow>('activity_status');
    return Object.fromEntries((await view.select('*').where('run', runId)).map((row) => [row.node, row]));
  }

  /** The nodes' statuses. */
  async statuses(runId: string): Promise<Record<string, string>> {
    return Object.fromEntries(Object.values(await this.nodes(runId)).map(({ node, status }) => [node, status]));
  }

  async untilNode(runId: string, node: string, status: string): Promise<void> {
    await until(async () => (await this.statuses(runId))[node] === status, {
      what: `${node} of ${runId} to be ${status}`,
    });
  }

  /** The pending question of the run, once it is asked. */
  async question(runId: string): Promise<string> {
    return await until(
      async () => {
        const { body } = await this.#live.call<{ items: { id: string; runId: string }[] }>(
          'GET',
          '/v1/approvals?status=pending&limit=200',
        );
        return body.items.find((item) => item.runId === runId)?.id;
      },
      { what: `a question of ${runId}` },
    );
  }

  async decide(runId: string, decision: Part): Promise<void> {
    const { status, body } = await this.#live.call(
      'POST',
      `/v1/approvals/${await this.question(runId)}/decisions`,
      decision,
    );
    if (status !== 200) throw new Error(`the decision was refused: ${JSON.stringify(body)}`);
  }

  async cancel(runId: string, body: Part = {}): Promise<number> {
    return (await this.#live.call('POST', `/v1/runs/${runId}/cancel`, body)).status;
  }
}

/** What a definition may say beside its modules, and the run's input. */
export interface StartOptions extends Part {
  readonly input?: unknown;
  readonly output?: unknown;
  readonly breakers?: unknown;
}

function actOf({ method, at, body }: Call, file: string): Act {
  return {
    what: `${method === 'PUT' ? 'write' : 'undo'} ${file}`,
    atMs: Date.parse(at),
    key: /Breakwater-Key: ([0-9a-f]+)/.exec(JSON.stringify(body))?.[1],
  };
}
