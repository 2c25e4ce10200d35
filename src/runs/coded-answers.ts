// What code is answered, of what its approvals and waits came to: the record holds JSON, the code gets what it declared. Pure.
import { z } from 'zod';
import type { ZodType } from 'zod';
import { DECISIONS } from '../approvals/index.ts';
import type { WaitNode } from '../definitions/index.ts';
import { failure, mergePatch } from '../kernel/index.ts';
import type { Json } from '../kernel/index.ts';
import { CallFailedError } from './call-failed.ts';
import type { ApprovalDecision } from './saga.ts';

const settlement = z.object({
  decision: z.enum(DECISIONS),
  by: z.string().nullable(),
  at: z.string(),
  reason: z.string().nullable(),
  form: z.json(),
  edits: z.record(z.string(), z.json()).nullable(),
});

export function decided<Outputs extends Readonly<Record<string, Json>>>(
  value: Json,
  editable: Outputs | undefined,
): ApprovalDecision<Outputs> {
  const { decision, by, at, reason, form, edits } = settlement.parse(value);
  const edited = Object.entries(editable ?? {}).map(
    ([act, output]) => [act, editedOutput(output, edits, act)] as const,
  );
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- an edit is refused that does not fit what the act answers
  return { decision, by, at, reason, form, edited: Object.fromEntries(edited) as Outputs };
}

function editedOutput(output: Json, edits: Readonly<Record<string, Json>> | null, act: string): Json {
  return edits && Object.hasOwn(edits, act) ? mergePatch(output, edits[act] ?? null) : output;
}

export function messageOf<T>({ id }: WaitNode, body: ZodType<T>, value: Json): T {
  const parsed = body.safeParse(value);
  if (parsed.success) return parsed.data;
  const error = failure('MESSAGE', `the message of "${id}" does not fit: ${z.prettifyError(parsed.error)}`);
  throw new CallFailedError(id, { cause: 'failure', at: id, failure: error });
}

export function endOf(value: Json): Date {
  return z.object({ at: z.iso.datetime().transform((at) => new Date(at)) }).parse(value).at;
}
