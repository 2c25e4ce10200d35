// Every request the vendors received, in order, without its credentials. In memory.
import type { Clock, Json, JsonObject } from '../src/kernel/index.ts';
import type { VendorRequest } from './vendor.ts';

export interface Call {
  readonly seq: number;
  readonly vendor: string;
  readonly method: string;
  /** Below the vendor's prefix, as it came. */
  readonly path: string;
  readonly query: JsonObject;
  readonly headers: JsonObject;
  readonly body: Json;
  /** Null while there is no answer, and for ever when the connection was cut before one. */
  readonly status: number | null;
  /** The fault that was played on it, if any. */
  readonly fault?: string;
  readonly at: string;
}

export interface Calls {
  /** Notes a request; the function it returns adds the status of the answer. */
  note(vendor: string, request: VendorRequest, fault?: string): (status: number) => void;
  list(vendor?: string): readonly Call[];
}

const SECRET_NAME = /auth|token|secret|cookie|password|api[-_]?key|signature/i;

export function createCalls(clock: Clock): Calls {
  const calls: Call[] = [];
  return {
    note(vendor, request, fault) {
      const { method, path, body = null } = request;
      const at = new Date(clock.now()).toISOString();
      const query = withoutSecrets(Object.fromEntries(request.query));
      const headers = withoutSecrets(request.headers);
      const call: Call = { seq: calls.length + 1, vendor, method, path, query, headers, body, status: null, fault, at };
      const index = calls.push(call) - 1;
      return (status) => {
        calls[index] = { ...call, status };
      };
    },
    list: (vendor) => calls.filter((call) => vendor === undefined || call.vendor === vendor),
  };
}

function withoutSecrets(fields: Readonly<Record<string, string | undefined>>): JsonObject {
  const shown = Object.entries(fields).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, value] as const],
  );
  return Object.fromEntries(shown.map(([name, value]) => [name, SECRET_NAME.test(name) ? '[redacted]' : value]));
}
