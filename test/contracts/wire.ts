// The wire between an adapter and its vendor's double: a proxy on loopback that holds every request and answer against the
// contract, and that alters one request or spoils one answer when asked to.
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { request as send } from 'undici';
import type { TestSandbox } from '../sandbox/open-sandbox.ts';
import type { Judge } from './judge.ts';
import type { Exchange, Plan, Strike, WireRequest } from './traffic.ts';

export interface Wire extends AsyncDisposable {
  readonly url: string;
  /** Those since the last `begin`. */
  readonly exchanges: readonly Exchange[];
  begin(plan?: Plan): void;
  /** When every request that came has had its effect, whether or not somebody still waits for the answer. */
  settled(): Promise<void>;
}

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
}

/** `/<vendor>/…` on the wire is `/<vendor>/…` at the sandbox. */
export async function openWire(sandbox: TestSandbox, vendor: string, judge: Judge): Promise<Wire> {
  let exchanges: Exchange[] = [];
  let current: Plan | undefined;
  const running = new Set<Promise<void>>();
  const server = createServer((incoming, response) => {
    const plan = current?.at === exchanges.length ? current : undefined;
    const passage = { vendor, sandbox, judge, url, plan, exchanges };
    const served = serve(passage, incoming, response)
      .catch((error: unknown) => {
        passage.exchanges.at(-1)?.faults.push(`the wire broke: ${String(error)}`);
        response.destroy();
      })
      .finally(() => running.delete(served));
    running.add(served);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('No TCP address');
  const url = `http://127.0.0.1:${address.port}`;
  return {
    url,
    get exchanges() {
      return exchanges;
    },
    begin(plan) {
      exchanges = [];
      current = plan;
    },
    async settled() {
      await Promise.all(running);
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

interface Passage {
  readonly vendor: string;
  readonly sandbox: TestSandbox;
  readonly judge: Judge;
  readonly url: string;
  readonly plan: Plan | undefined;
  readonly exchanges: Exchange[];
}

async function serve(passage: Passage, incoming: IncomingMessage, response: ServerResponse): Promise<void> {
  const { judge, plan, exchanges } = passage;
  const place = exchanges.push({ request: targetOf(incoming), faults: [] }) - 1;
  const received = await receive(incoming);
  const request = plan?.alter?.(received) ?? received;
  const exchange: Exchange = { request, faults: judge.requestFaults(request) };
  exchanges[place] = exchange;
  if (exchange.faults.length > 0) return void response.writeHead(400).end('not according to the contract');
  if (plan?.strike?.kind === 'reset') return void response.socket?.resetAndDestroy();
  const answer = await answerTo(passage, exchange, plan?.strike);
  play(plan?.strike, response, answer);
}

async function answerTo(passage: Passage, exchange: Exchange, strike: Strike | undefined): Promise<Answer> {
  if (strike?.kind === 'answer') {
    const headers = { 'content-type': 'application/json', ...strike.headers };
    return { status: 200, headers, text: JSON.stringify(strike.body) };
  }
  const { vendor, sandbox, judge, url } = passage;
  // The refusal comes from the double, so that it is in the vendor's words.
  if (strike?.kind === 'status') {
    const { status, headers } = strike;
    await sandbox.fault({ vendor, fault: 'status', status, ...(headers && { headers: { ...headers } }), times: 1 });
  }
  const answer = await forward(exchange.request, `${sandbox.url}/${vendor}`);
  exchange.status = answer.status;
  exchange.faults.push(...judge.answerFaults(exchange.request, answer.status, parse(answer.text)));
  // The double's links lead to the double; those that the adapter follows must come by here.
  return { ...answer, text: answer.text.replaceAll(sandbox.url, url) };
}

function play(strike: Strike | undefined, response: ServerResponse, { status, headers, text }: Answer): void {
  const bytes = Buffer.from(text);
  const half = bytes.subarray(0, Math.floor(bytes.length / 2));
  const { 'content-length': _, 'transfer-encoding': __, ...rest } = headers;
  const head = status === 204 ? rest : { ...rest, 'content-length': bytes.length };
  switch (strike?.kind) {
    case 'late':
      return;
    case 'reset':
    case 'reset_after_effect':
      return void response.socket?.resetAndDestroy();
    case 'truncate':
      if (half.length === 0) return void response.destroy();
      return void response.writeHead(status, head).write(half, () => response.destroy());
    case 'malformed':
      return void response.writeHead(status, { ...rest, 'content-length': half.length }).end(half);
    case 'status':
    case 'answer':
    case undefined:
      return void response.writeHead(status, head).end(bytes);
  }
}

async function forward({ method, path, query, headers, body }: WireRequest, to: string): Promise<Answer> {
  const search = new URLSearchParams(query).toString();
  const sent =
    body === undefined ? undefined : typeof body === 'string' ? Buffer.from(body, 'latin1') : JSON.stringify(body);
  const answer = await send(`${to}${path}${search && `?${search}`}`, { method, headers, body: sent });
  const flat = Object.entries(answer.headers).map(([name, value]) => [name, String(value)]);
  return { status: answer.statusCode, headers: Object.fromEntries(flat), text: await answer.body.text() };
}

const OF_THE_CONNECTION = new Set(['connection', 'content-length', 'host', 'keep-alive', 'transfer-encoding']);

function targetOf(incoming: IncomingMessage): WireRequest {
  const [full = '/', search = ''] = (incoming.url ?? '/').split(/\?(.*)/s);
  const path = full.replace(/^\/[^/]*/, '');
  const headers = Object.entries(incoming.headers).filter(([name]) => !OF_THE_CONNECTION.has(name));
  return {
    method: incoming.method ?? '',
    path: path === '' ? '/' : path,
    query: Object.fromEntries(new URLSearchParams(search)),
    headers: Object.fromEntries(headers.map(([name, value]) => [name, String(value)])),
    body: undefined,
  };
}

async function receive(incoming: IncomingMessage): Promise<WireRequest> {
  const bytes = await buffer(incoming);
  const target = targetOf(incoming);
  const isJson = target.headers['content-type'] === 'application/json';
  if (bytes.length === 0) return target;
  return { ...target, body: isJson ? parse(bytes.toString('utf8')) : bytes.toString('latin1') };
}

function parse(text: string): unknown {
  if (text === '') return undefined;
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return text;
    throw error;
  }
}
