// Ids and keys that the engine makes itself; callers never choose a run's id.
import { randomBytes } from 'node:crypto';
import { sha256 } from './canonical-json.ts';

/** `run_` and a version 7 UUID (RFC 9562): sorts by time, 74 random bits. */
export function newRunId(nowMs: number): string {
  return `run_${uuidv7(nowMs)}`;
}

export function uuidv7(nowMs: number): string {
  const bytes = randomBytes(16);
  bytes.writeUIntBE(nowMs, 0, 6);
  bytes[6] = (bytes[6]! & 0x0f) | 0x70;
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  const hex = bytes.toString('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}

/** The version 8 UUID (RFC 9562) that a hash in hex gives: the same for the same hash. */
export function uuidOf(hash: string): string {
  const digits = `${hash.slice(0, 12)}8${hash.slice(13, 16)}8${hash.slice(17, 32)}`;
  return digits.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

/** What an external change is known by: the run, its node, the item of a `for_each`, the node's epoch. Never the attempt (D9). */
export interface KeyParts {
  readonly runId: string;
  readonly nodeId: string;
  readonly item?: number;
  readonly epoch: number;
  readonly undo?: boolean;
}

/** 40 hex digits of sha256: short enough for every vendor's key field, wide enough never to collide. */
export function idempotencyKey(parts: KeyParts): string {
  const text = [parts.runId, parts.nodeId, parts.item ?? '', parts.epoch, parts.undo ? 'undo' : ''].join('\n');
  return sha256(text).slice(0, 40);
}

/** Lower-case words joined by `-`, as in URLs: `Spring Launch!` -> `spring-launch`. */
export function slug(text: string): string {
  return text
    .normalize('NFKD')
    .replace(/[\u0300-\u036f]/g, '')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '');
}
