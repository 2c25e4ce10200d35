// The faults someone asked for: which requests they strike and how often. Decides only; exchange.ts plays them.
import { z } from 'zod';
import { BreakwaterError, didYouMean } from '../src/kernel/index.ts';

/**
 * `status`: the vendor's own error body, no effect. `delay`: the effect at once, the answer after `delayMs`.
 * `reset`: the connection is cut before the effect; `reset_after_effect`: after it, without an answer.
 * `truncate`: the effect, then half of the answer. `hang`: nothing until the faults are cleared (then it is handled) or the client leaves.
 */
const FAULTS = ['status', 'delay', 'reset', 'reset_after_effect', 'truncate', 'hang'] as const;

const faultSchema = z
  .strictObject({
    vendor: z.string(),
    match: z.strictObject({ method: z.string().optional(), path: z.string().optional() }).optional(),
    fault: z.enum(FAULTS),
    /** 500 when absent. */
    status: z.int().min(300).max(599).optional(),
    /** Added to or put over the headers of a `status` answer, e.g. `retry-after`. */
    headers: z.record(z.string(), z.string()).optional(),
    delayMs: z.int().min(1).max(600_000).optional(),
    /** Absent: until cleared. */
    times: z.int().min(1).optional(),
  })
  .refine(({ fault, delayMs }) => (fault === 'delay') === (delayMs !== undefined), {
    path: ['delayMs'],
    message: 'belongs to the fault "delay", which needs it',
  })
  .refine(({ fault, status, headers }) => fault === 'status' || (status === undefined && headers === undefined), {
    path: ['status'],
    message: 'status and headers belong to the fault "status"',
  });

export type Fault = z.infer<typeof faultSchema>;

export interface Faults {
  /** Adds a fault given as JSON; refuses with BAD_REQUEST what it does not understand. */
  add(input: unknown): Fault;
  list(): readonly Fault[];
  /** The fault that strikes this request, counted as used; the oldest that matches wins. */
  take(vendor: string, method: string, path: string): Fault | undefined;
  clear(): void;
  /** Settles at the next `clear`. */
  cleared(): Promise<void>;
}

export function createFaults(vendors: readonly string[]): Faults {
  let active: Fault[] = [];
  let clearing = Promise.withResolvers<void>();
  return {
    add(input) {
      const fault = parseFault(input, vendors);
      active.push(fault);
      return fault;
    },
    list: () => active,
    take(vendor, method, path) {
      const fault = active.find((candidate) => strikes(candidate, vendor, method, path));
      active = active.flatMap((other) => (other === fault ? spend(other) : [other]));
      return fault;
    },
    clear() {
      active = [];
      clearing.resolve();
      clearing = Promise.withResolvers();
    },
    cleared: () => clearing.promise,
  };
}

function parseFault(input: unknown, vendors: readonly string[]): Fault {
  const parsed = faultSchema.safeParse(input);
  if (!parsed.success) throw new BreakwaterError('BAD_REQUEST', z.prettifyError(parsed.error));
  const { vendor } = parsed.data;
  if (vendors.includes(vendor)) return parsed.data;
  throw new BreakwaterError(
    'BAD_REQUEST',
    `No vendor "${vendor}" here (${vendors.join(', ')})${didYouMean(vendor, vendors)}`,
  );
}

function spend(fault: Fault): Fault[] {
  if (fault.times === undefined) return [fault];
  return fault.times > 1 ? [{ ...fault, times: fault.times - 1 }] : [];
}

function strikes(fault: Fault, vendor: string, method: string, path: string): boolean {
  const wanted = fault.match ?? {};
  return (
    fault.vendor === vendor &&
    (wanted.method === undefined || wanted.method.toUpperCase() === method) &&
    (wanted.path === undefined || pathMatches(wanted.path, vendor, path))
  );
}

/**
 * A path is meant as the vendor knows it; with the sandbox's `/<vendor>` in front it means the same.
 * With a `*` (any text, slashes too) it must fit the whole path; without, it fits that path and everything below it.
 */
export function pathMatches(wanted: string, vendor: string, path: string): boolean {
  const prefix = `/${vendor}/`;
  const pattern = wanted.startsWith(prefix) ? wanted.slice(prefix.length - 1) : wanted;
  if (pattern.includes('*')) return globFits(pattern, path);
  const trimmed = pattern.replace(/\/+$/, '');
  return path === trimmed || path.startsWith(`${trimmed}/`);
}

function globFits(glob: string, path: string): boolean {
  const parts = glob.split('*');
  const first = parts[0] ?? '';
  const last = parts.at(-1) ?? '';
  if (!path.startsWith(first) || !path.endsWith(last) || path.length < first.length + last.length) return false;
  let at = first.length;
  for (const part of parts.slice(1, -1)) {
    const found = path.indexOf(part, at);
    if (found < 0) return false;
    at = found + part.length;
  }
  return at <= path.length - last.length;
}
