// Postgres's wire protocol as far as a proxy must know it: framing, and the few messages that are read or made. Pure.

/** One message, whole. The first message of a client has no type: ''. */
export interface Frame {
  readonly type: string;
  readonly bytes: Buffer;
}

export type TransactionStatus = 'I' | 'T' | 'E';

/** Cuts a stream into messages, however the network cut it. */
export class FrameReader {
  #chunks: Buffer[] = [];
  #length = 0;

  push(chunk: Buffer): void {
    this.#chunks.push(chunk);
    this.#length += chunk.length;
  }

  /** `typed` is false before a client's session has begun. Undefined when the next message is not all there. */
  next(typed: boolean): Frame | undefined {
    const prefix = typed ? 1 : 0;
    if (this.#length < prefix + 4) return undefined;
    const head = this.#atLeast(prefix + 4);
    const size = prefix + head.readUInt32BE(prefix);
    if (this.#length < size) return undefined;
    const all = this.#atLeast(size);
    this.#chunks[0] = all.subarray(size);
    this.#length -= size;
    return { type: typed ? String.fromCharCode(all[0]!) : '', bytes: all.subarray(0, size) };
  }

  // Joined only when a message is complete, so that a large one is copied once.
  #atLeast(size: number): Buffer {
    const [first] = this.#chunks;
    if (first !== undefined && first.length >= size) return first;
    const joined = Buffer.concat(this.#chunks);
    this.#chunks = [joined];
    return joined;
  }
}

const SSL_REQUEST = 80_877_103;
const GSS_REQUEST = 80_877_104;
const CANCEL_REQUEST = 80_877_102;

export type Opening = 'startup' | 'encryption' | 'cancel';

/** What an untyped message asks for. */
export function openingOf({ bytes }: Frame): Opening {
  const code = bytes.readUInt32BE(4);
  if (code === SSL_REQUEST || code === GSS_REQUEST) return 'encryption';
  return code === CANCEL_REQUEST ? 'cancel' : 'startup';
}

/** `application_name`, where the client gives one. */
export function applicationOf({ bytes }: Frame): string {
  const words = bytes.toString('utf8', 8).split('\0');
  for (let at = 0; at + 1 < words.length; at += 2) {
    if (words[at] === 'application_name') return words[at + 1] ?? '';
  }
  return '';
}

/** The zero-ended texts that a message's body begins with. */
export function textsOf({ bytes }: Frame, count: number, offset = 5): string[] {
  const texts: string[] = [];
  for (let start = offset; texts.length < count;) {
    const end = bytes.indexOf(0, start);
    if (end === -1) break;
    texts.push(bytes.toString('utf8', start, end));
    start = end + 1;
  }
  return texts;
}

/** Of a ReadyForQuery. */
export function statusOf({ bytes }: Frame): TransactionStatus {
  const status = String.fromCharCode(bytes[5] ?? 0);
  if (status === 'I' || status === 'T' || status === 'E') return status;
  throw new Error(`ReadyForQuery with the unknown status ${JSON.stringify(status)}`);
}

/** Rows that a CommandComplete says were changed: `INSERT 0 3`, `UPDATE 2`; a SELECT or a COMMIT speaks of none. */
export function changedRowsOf(tag: string): number | undefined {
  const count = /^(?:INSERT \d+|UPDATE|DELETE|MERGE|COPY) (\d+)$/.exec(tag)?.[1];
  return count === undefined ? undefined : Number(count);
}

/** The SQLSTATE of an ErrorResponse. */
export function sqlstateOf({ bytes }: Frame): string | undefined {
  for (let at = 5; at < bytes.length && bytes[at] !== 0;) {
    const end = bytes.indexOf(0, at);
    if (end === -1) return undefined;
    if (bytes[at] === 0x43) return bytes.toString('utf8', at + 1, end);
    at = end + 1;
  }
  return undefined;
}

export function fatalError(sqlstate: string, message: string): Buffer {
  return frame('E', `SFATAL\0VFATAL\0C${sqlstate}\0M${message}\0\0`);
}

export function simpleQuery(sql: string): Buffer {
  return frame('Q', `${sql}\0`);
}

export function parsing(name: string, sql: string): Buffer {
  return frame('P', `${name}\0${sql}\0\0\0`);
}

/** Without parameters, with all results as text. */
export function binding(portal: string, name: string): Buffer {
  return frame('B', `${portal}\0${name}\0\0\0\0\0\0\0`);
}

export function execution(portal: string): Buffer {
  return frame('E', `${portal}\0\0\0\0\0`);
}

/** Of a prepared statement. */
export function closing(name: string): Buffer {
  return frame('C', `S${name}\0`);
}

export const SYNC = frame('S', '');

/** The answer to a request for encryption: go on in the clear. */
export const NO_ENCRYPTION = Buffer.from('N');

function frame(type: string, body: string): Buffer {
  const content = Buffer.from(body);
  const head = Buffer.alloc(5);
  head.write(type, 0);
  head.writeUInt32BE(content.length + 4, 1);
  return Buffer.concat([head, content]);
}
