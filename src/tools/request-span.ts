// Tells of each request that an attempt makes, as a place in its run's trace: where it went and how it was answered, never what was
// in it. A vendor is told of that place, so that it can be asked about it; an address that a user chose is told nothing.
import { randomBytes } from 'node:crypto';
import { placeBelow, traceparentOf, type Clock, type Emit, type SpanPlace } from '../kernel/index.ts';

type Headers = Readonly<Record<string, string>>;

interface Asked {
  readonly method: string;
  readonly url: string;
  readonly headers: Headers;
  /** It goes to the tool's own vendor. */
  readonly isVendor?: boolean;
}

/** Makes a request with the headers that it goes out with. */
export type TraceRequest = <Answer extends { readonly status: number } | undefined>(
  asked: Asked,
  send: (headers: Headers) => Promise<Answer>,
) => Promise<Answer>;

export interface Requester {
  readonly tool: string;
  readonly run: string;
  readonly tenant: string;
  /** Absent: it stands in no trace. */
  readonly trace?: SpanPlace;
}

export type RequestTeller = (requester: Requester) => TraceRequest;

export const untraced: TraceRequest = async ({ headers }, send) => await send(headers);

export const untold: RequestTeller = () => untraced;

export interface TellerParts {
  readonly emit: Emit;
  readonly clock: Clock;
  /** Are vendors told where in a trace they are called? */
  readonly propagate: boolean;
}

export function createRequestTeller({ emit, clock, propagate }: TellerParts): RequestTeller {
  return ({ tool, run, tenant, trace }) =>
    async ({ method, url, headers, isVendor = false }, send) => {
      const place = trace && placeBelow(trace, randomBytes(8).toString('hex'));
      const startedAtMs = clock.now();
      const tell = (status?: number): void => {
        const host = URL.parse(url)?.host ?? '';
        const fields = { run, tenant, tool, method, host, startedAtMs, ms: clock.now() - startedAtMs };
        const answered = { ...fields, ...(status !== undefined && { status }) };
        emit({ level: 'debug', name: 'tools.requested', fact: true, fields: answered, ...(place && { trace: place }) });
      };
      try {
        const isTold = propagate && isVendor && place?.sampled === true;
        const answer = await send(isTold ? { ...headers, traceparent: traceparentOf(place) } : headers);
        tell(answer?.status);
        return answer;
      } catch (error) {
        tell();
        throw error;
      }
    };
}
