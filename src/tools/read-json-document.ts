// One GET of a JSON document at an address that a setting names: no redirects, a small answer, little time. Not for addresses that a
// definition or an input may choose: those pass the outbound guard.
import { request } from 'undici';

const TIMEOUT_MS = 5_000;
const MAX_BYTES = 256 * 1024;

/** Throws for whatever is not a 200 with JSON. */
export async function readJsonDocument(url: string): Promise<unknown> {
  const { statusCode, body } = await request(url, {
    headers: { accept: 'application/json', 'user-agent': 'breakwater' },
    signal: AbortSignal.timeout(TIMEOUT_MS),
  });
  const text = await readCapped(body);
  if (statusCode !== 200) throw new Error(`${url} answered ${statusCode}`);
  return JSON.parse(text);
}

async function readCapped(body: AsyncIterable<Buffer>): Promise<string> {
  const parts: Buffer[] = [];
  let bytes = 0;
  for await (const part of body) {
    bytes += part.length;
    if (bytes > MAX_BYTES) throw new Error(`the answer is larger than ${MAX_BYTES} bytes`);
    parts.push(part);
  }
  return Buffer.concat(parts).toString('utf8');
}
