// One fact of a run's history as a line for people: when since the start, what, where, and what matters about it. Pure.
import { z } from 'zod';
import { formatDuration } from '../kernel/index.ts';
import type { Json, JsonObject } from '../kernel/index.ts';
import { fit, paint, type Screen } from './screen.ts';

const json = z.custom<Json>();

export const fact = z.looseObject({
  id: z.string(),
  at: z.string(),
  kind: z.string(),
  node: z.string().optional(),
  item: z.number().optional(),
  attempt: z.number().optional(),
  error: z.looseObject({ code: z.string(), message: z.string() }).optional(),
  output: json.optional(),
  by: z.string().optional(),
  data: z.record(z.string(), json).optional(),
});
export type FactAnswer = z.infer<typeof fact>;

const KIND_WIDTH = 'compensation.attempt_failed'.length;
const TIME_WIDTH = 9;
const MAX_LENGTH = 160;

/** Answers lines that tell times since the first fact it was given. */
export function createFactLines(screen?: Screen): (told: FactAnswer) => string {
  let startMs: number | undefined;
  return (told) => {
    const atMs = Date.parse(told.at);
    startMs ??= atMs;
    const since = `+${formatDuration(Math.max(0, atMs - startMs))}`;
    const line = [since.padStart(TIME_WIDTH), told.kind.padEnd(KIND_WIDTH), placeOf(told), ...detailsOf(told)];
    return painted(fit(screen, line.filter(Boolean).join('  ').trimEnd()), told, screen);
  };
}

function painted(line: string, { kind, error }: FactAnswer, screen?: Screen): string {
  if (error || /failed|rejected|stuck/.test(kind)) return paint(screen, 'red', line);
  if (/compensat|undo|turned/.test(kind)) return paint(screen, 'yellow', line);
  return kind.endsWith('scheduled') ? paint(screen, 'dim', line) : line;
}

function placeOf({ node, item }: FactAnswer): string | undefined {
  return node === undefined || item === undefined ? node : `${node}[${item}]`;
}

function detailsOf({ attempt, error, by, data = {}, kind }: FactAnswer): (string | undefined)[] {
  return [
    attempt !== undefined && attempt > 1 ? `attempt ${attempt}` : undefined,
    error && shortened(`${error.code}: ${error.message}`),
    by === undefined ? undefined : `by ${by}`,
    kind.endsWith('.started') && !kind.startsWith('run.') ? callOf(data) : undefined,
    ...Object.entries(data).map(noteOf),
  ];
}

function callOf({ tool, action }: JsonObject): string | undefined {
  return typeof tool === 'string' && typeof action === 'string' ? `${tool}.${action}` : undefined;
}

/** What of a fact's data says something in a line. */
const NOTES: Readonly<Record<string, (value: Json) => string | undefined>> = {
  ms: (value) => (typeof value === 'number' ? `in ${formatDuration(value)}` : undefined),
  nextAttemptAt: (value) => `again at ${text(value)}`,
  items: (value) => `${text(value)} items`,
  byHand: (value) => `by hand: ${text(value)}`,
  status: (value) => text(value),
  cause: (value) => (value === null ? undefined : `cause: ${text(value)}`),
  decision: (value) => text(value),
  reason: (value) => (value === null ? undefined : `"${text(value)}"`),
  deadline: (value) => `until ${text(value)}`,
  service: (value) => text(value),
  why: (value) => text(value),
  from: (value) => (typeof value === 'string' && value.length > 12 ? `from ${value}` : undefined),
  runId: (value) => text(value),
  found: (value) => `found: ${text(value)}`,
  topic: (value) => text(value),
  inherited: () => 'inherited',
};

function noteOf([name, value]: readonly [string, Json]): string | undefined {
  return Object.hasOwn(NOTES, name) ? shortened(NOTES[name]?.(value)) : undefined;
}

function text(value: Json): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function shortened(line: string): string;
function shortened(line: string | undefined): string | undefined;
function shortened(line: string | undefined): string | undefined {
  const single = line?.replaceAll(/\s+/g, ' ');
  return single !== undefined && single.length > MAX_LENGTH ? `${single.slice(0, MAX_LENGTH)}…` : single;
}
