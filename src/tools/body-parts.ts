// Request and answer bodies in parts, so that every part that moves is a sign of life: a slow transfer is told from one that hangs.
import { Readable } from 'node:stream';

/** Large enough to cost nothing, small enough that a slow line sends one within any sensible heartbeat. */
const PART_BYTES = 64 * 1024;

/** A whole body as text. */
export async function readText(body: AsyncIterable<Uint8Array>, beat: () => void): Promise<string> {
  const parts: Uint8Array[] = [];
  for await (const part of body) {
    beat();
    parts.push(part);
  }
  return new TextDecoder().decode(Buffer.concat(parts));
}

/** What to give undici for a body and its length. A small one goes in one piece: the answer is the next sign of life. */
export function inParts(
  body: string | Uint8Array | undefined,
  beat: () => void,
): { readonly body?: string | Uint8Array | Readable; readonly headers?: { readonly 'content-length': string } } {
  if (body === undefined || body.length <= PART_BYTES) return { body };
  const bytes = typeof body === 'string' ? Buffer.from(body) : body;
  const parts = Readable.from(partsOf(bytes, beat), { objectMode: false, highWaterMark: PART_BYTES });
  return { body: parts, headers: { 'content-length': String(bytes.length) } };
}

// The next part is asked for when the connection has taken the last.
function* partsOf(bytes: Uint8Array, beat: () => void): Generator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += PART_BYTES) {
    beat();
    yield bytes.subarray(at, at + PART_BYTES);
  }
}
