// Reads one HTTP request whole, within a cap, into the plain value that doubles are asked with.
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { z } from 'zod';
import type { Json } from '../src/kernel/index.ts';

export const MAX_BODY_BYTES = 1024 * 1024;

/** `too_large` and `malformed` are for the vendor to answer in its own words. */
export type ReceivedBody =
  | { readonly state: 'read'; readonly body: Json | undefined }
  | { readonly state: 'too_large' }
  | { readonly state: 'malformed' };

/** Bytes without a type become a text of one character each. What is over the cap is read to its end and thrown away, so that the client sees the answer and not a broken pipe. */
export async function receiveBody(request: IncomingMessage): Promise<ReceivedBody> {
  const chunks: Buffer[] = [];
  let size = 0;
  request.on('data', (bytes: Buffer) => {
    size += bytes.length;
    if (size <= MAX_BODY_BYTES) chunks.push(bytes);
  });
  await once(request, 'end');
  if (size > MAX_BODY_BYTES) return { state: 'too_large' };
  const bytes = Buffer.concat(chunks);
  const contentType = request.headers['content-type'] ?? '';
  if (contentType.startsWith('application/octet-stream')) return { state: 'read', body: bytes.toString('latin1') };
  return parseBody(bytes.toString('utf8'), contentType);
}

function parseBody(text: string, contentType: string): ReceivedBody {
  if (text === '') return { state: 'read', body: undefined };
  if (contentType.startsWith('application/x-www-form-urlencoded') && !/^\s*[[{]/.test(text)) {
    return { state: 'read', body: Object.fromEntries(new URLSearchParams(text)) };
  }
  if (!/json/.test(contentType) && !/^\s*[[{]/.test(text)) return { state: 'read', body: text };
  return parseJson(text);
}

function parseJson(text: string): ReceivedBody {
  try {
    return { state: 'read', body: z.json().parse(JSON.parse(text)) };
  } catch {
    // A syntax error, or nesting too deep to walk: to the vendor both are bytes that are no JSON.
    return { state: 'malformed' };
  }
}

export function headersOf(request: IncomingMessage): Record<string, string | undefined> {
  return Object.fromEntries(
    Object.entries(request.headers).map(([name, value]) => [name, Array.isArray(value) ? value.join(', ') : value]),
  );
}
