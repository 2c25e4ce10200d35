// What a connection may cost before there is a request to answer: how many there may be, how slowly they may send, and what is said to those that do not speak HTTP.
import type { FastifyInstance, FastifyServerOptions } from 'fastify';
import { randomUUID } from 'node:crypto';
import { STATUS_CODES, type ServerOptions } from 'node:http';
import type { Socket } from 'node:net';
import { BreakwaterError, type ErrorCode } from '../kernel/index.ts';
import { problemOf } from './problem.ts';

/** How long a client may take to send the headers of a request, and all of it; how often that is looked at. */
export interface Patience {
  readonly headersMs: number;
  readonly requestMs: number;
  readonly checkEveryMs: number;
}

export const PATIENCE: Patience = { headersMs: 10_000, requestMs: 30_000, checkEveryMs: 2_000 };

const MAX_HEADER_BYTES = 16 * 1024;
/** Beyond these new ones are closed at once. Slow ones go after ten seconds, so that a thousand of them keep nobody out. */
const MAX_CONNECTIONS = 4_000;

export function serverOptions({ headersMs, checkEveryMs }: Patience): ServerOptions {
  return { headersTimeout: headersMs, connectionsCheckingInterval: checkEveryMs, maxHeaderSize: MAX_HEADER_BYTES };
}

export function limitConnections(app: FastifyInstance): void {
  app.server.maxConnections = MAX_CONNECTIONS;
}

const REFUSALS: Readonly<Record<string, readonly [ErrorCode, string]>> = {
  ERR_HTTP_REQUEST_TIMEOUT: ['REQUEST_TIMEOUT', 'The request did not come in time.'],
  HPE_HEADER_OVERFLOW: ['HEADERS_TOO_LARGE', `Headers may have ${MAX_HEADER_BYTES} bytes together.`],
};

/** Answers what is no request in the form of everything else, and hangs up. */
export function refuseClient(headers: Readonly<Record<string, string>>): FastifyServerOptions['clientErrorHandler'] {
  return (error, socket: Socket) => {
    // Whoever hung up hears nothing.
    if (error.code === 'ECONNRESET' || !socket.writable) return socket.destroy();
    const [code, detail] = REFUSALS[error.code] ?? ['BAD_REQUEST', 'This is no HTTP request.'];
    const problem = problemOf(new BreakwaterError(code, detail), randomUUID());
    socket.end(rawAnswer(problem.status, headers, JSON.stringify(problem)));
  };
}

function rawAnswer(status: number, headers: Readonly<Record<string, string>>, body: string): string {
  const all = {
    ...headers,
    'content-type': 'application/problem+json',
    'content-length': String(Buffer.byteLength(body)),
    connection: 'close',
  };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}`);
  return [`HTTP/1.1 ${status} ${STATUS_CODES[status]}`, ...lines, '', body].join('\r\n');
}
