// A sandbox of a test's own on a free port, and short ways to talk to it over real HTTP.
import { createSandbox, type Call, type Fault, type LedgerEntry, type SandboxOptions } from '../../sandbox/index.ts';

export interface Reply<T> {
  readonly status: number;
  readonly headers: Headers;
  readonly body: T;
}

export interface TestSandbox extends AsyncDisposable {
  readonly url: string;
  /** One request with a credential; `body` goes out as JSON. */
  call<T = Record<string, unknown>>(
    method: string,
    path: string,
    body?: unknown,
    headers?: Record<string, string>,
  ): Promise<Reply<T>>;
  ledger(vendor?: string): Promise<LedgerEntry[]>;
  /** What was created since the fixtures. */
  created(): Promise<LedgerEntry[]>;
  calls(vendor?: string): Promise<Call[]>;
  fault(fault: Fault): Promise<void>;
}

export const CREDENTIAL = { authorization: 'Bearer a-credential' };

export async function openSandbox(options: Partial<SandboxOptions> = {}): Promise<TestSandbox> {
  const sandbox = await createSandbox({ port: 0, ...options });
  const call = async <T = Record<string, unknown>>(
    method: string,
    path: string,
    body?: unknown,
    headers: Record<string, string> = CREDENTIAL,
  ): Promise<Reply<T>> => {
    const text = body === undefined ? undefined : JSON.stringify(body);
    const response = await fetch(`${sandbox.url}${path}`, { method, headers, body: text });
    return { status: response.status, headers: response.headers, body: parse(await response.text()) as T };
  };
  const list = async <T>(path: string): Promise<T[]> => (await call<T[]>('GET', path)).body;
  const ledger = (vendor?: string) => list<LedgerEntry>(`/_ledger${vendor ? `?vendor=${vendor}` : ''}`);
  return {
    url: sandbox.url,
    call,
    ledger,
    created: async () => (await ledger()).filter(({ kind }) => kind !== 'fixture'),
    calls: (vendor) => list<Call>(`/_calls${vendor ? `?vendor=${vendor}` : ''}`),
    fault: async (fault) => {
      const { status, body } = await call('POST', '/_faults', fault);
      if (status !== 201) throw new Error(`The fault was refused: ${JSON.stringify(body)}`);
    },
    [Symbol.asyncDispose]: () => sandbox.close(),
  };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
