// What a workflow remembers for later runs: notes by namespace and key, found again by their words. Lives in our own database.
import type { Knex } from 'knex';
import { z } from 'zod';
import { isJsonObject, type Json } from '../kernel/index.ts';
import { forTenant } from '../postgres/index.ts';
import { defineAction } from './define-action.ts';
import {
  deleteNote,
  findWrite,
  latestNotes,
  loadNote,
  noteValue,
  REPLACED,
  revertWrite,
  saveNote,
  searchNotes,
  type NoteAddress,
} from './memory-store.ts';
import type { Tool, ToolCall } from './tool.ts';

type Database = () => Knex;

const DEFAULT_NAMESPACE = 'default';
const MAX_TEXT_LENGTH = 100_000;

const namespace = z
  .string()
  .min(1)
  .max(200)
  .default(DEFAULT_NAMESPACE)
  .describe('Notes of different namespaces do not see each other');
const noteKey = z.string().min(1).max(500).describe('The name of the note within its namespace');

const rememberInput = z.strictObject({
  namespace,
  key: noteKey,
  content: z.json().describe('What to remember: any JSON'),
  text: z.string().max(MAX_TEXT_LENGTH).optional().describe('The words to find it by; by default those of the content'),
  metadata: z
    .record(z.string(), z.json())
    .default({})
    .refine((labels) => !Object.hasOwn(labels, REPLACED), { message: `"${REPLACED}" is reserved` }),
});
const rememberOutput = z.object({
  namespace: z.string(),
  key: z.string(),
  previous: noteValue.nullable().describe('What the note was before; null when there was none'),
});

function remember(database: Database) {
  return defineAction({
    description: 'Writes a note, replacing the one of that name.',
    input: rememberInput,
    output: rememberOutput,
    effect: true,
    idOf: (note) => `${note.namespace}/${note.key}`,
    keyedBy: 'probe',
    async run(call, input) {
      const { content, metadata } = input;
      const text = (input.text ?? wordsOf(content).join('\n')).slice(0, MAX_TEXT_LENGTH);
      const at = addressOf(call, input);
      const value = { content, text, metadata, effect_key: call.key };
      const knex = forTenant(database(), call.tenant);
      const write = (await saveNote(knex, at, value)) ?? (await findWrite(knex, at, call.key));
      return { namespace: input.namespace, key: input.key, previous: write?.replaced ?? null };
    },
    async probe(call, input) {
      const write = await findWrite(forTenant(database(), call.tenant), addressOf(call, input), call.key);
      return write && { namespace: input.namespace, key: input.key, previous: write.replaced };
    },
    undo: {
      forget: ({ input, result, key }) => ({
        namespace: input.namespace,
        key: input.key,
        written_by: key,
        restore: result?.previous ?? undefined,
      }),
    },
  });
}

function addressOf({ tenant }: ToolCall, note: { namespace: string; key: string }): NoteAddress {
  return { tenant, namespace: note.namespace, key: note.key };
}

// Every text in the content, in order, so that any of its words finds the note.
function wordsOf(content: Json): string[] {
  if (typeof content === 'string') return [content];
  if (Array.isArray(content)) return content.flatMap(wordsOf);
  return isJsonObject(content) ? Object.values(content).flatMap(wordsOf) : [];
}

const recallInput = z.strictObject({
  namespace,
  key: noteKey.optional().describe('Only the note of this name'),
  query: z.string().max(10_000).optional().describe('Words to look for; without it and without key, the latest notes'),
  limit: z.int().min(1).max(100).default(5),
});
const recallOutput = z.object({
  items: z.array(
    z.object({
      key: z.string(),
      content: z.json(),
      metadata: z.record(z.string(), z.json()),
      score: z.number(),
      updated_at: z.string(),
    }),
  ),
});

function recall(database: Database) {
  return defineAction({
    description: 'Finds notes by name or by words, best and freshest first.',
    input: recallInput,
    output: recallOutput,
    effect: false,
    keyedBy: 'none',
    async run({ tenant }, { namespace: within, key, query, limit }) {
      const knex = forTenant(database(), tenant);
      if (key !== undefined) {
        const note = await loadNote(knex, { tenant, namespace: within, key });
        return { items: note ? [note] : [] };
      }
      const search = { tenant, namespace: within, limit };
      return {
        items: await (query === undefined ? latestNotes(knex, search) : searchNotes(knex, { ...search, query })),
      };
    },
  });
}

const forgetInput = z.strictObject({
  namespace,
  key: noteKey,
  written_by: z
    .string()
    .optional()
    .describe('Only take back what was written under this key; do nothing when it is not there'),
  restore: noteValue.optional().describe('With written_by: what the note becomes again'),
});

function forget(database: Database) {
  return defineAction({
    description: 'Removes a note, or puts back what an undone write replaced; content when there is nothing to do.',
    input: forgetInput,
    output: z.object({ forgotten: z.boolean() }),
    effect: true,
    keyedBy: 'probe',
    async run(call, input) {
      const at = addressOf(call, input);
      const knex = forTenant(database(), call.tenant);
      if (input.written_by === undefined) return { forgotten: await deleteNote(knex, at) };
      return { forgotten: await revertWrite(knex, at, input.written_by, input.restore) };
    },
  });
}

/** `database` gives a handle on the database that holds the schema `breakwater`; it is asked for when an action runs. */
export function createMemory(database: Database) {
  return {
    name: 'memory',
    onOwnDatabase: true,
    aliases: ['memory_gateway'],
    actions: { remember: remember(database), recall: recall(database), forget: forget(database) },
  } satisfies Tool;
}
