// Decisions that race: over three replicas, double clicks, approvals against rejections, answers against the deadline.
import fc from 'fast-check';
import type { Knex } from 'knex';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { createKnex } from '../../src/postgres/index.ts';
import { AppProcess } from '../support/app-process.ts';
import { createTestDatabase } from '../support/database.ts';
import { until } from '../support/until.ts';
import { TRIES_ALL } from '../support/whole.ts';

const REPLICAS = 3;
const ANSWERS_EACH = 4;
const ANSWERS = TRIES_ALL ? 10_000 : 144;
/** Questions that are open at once. */
const WAVE = 75;
/** After so long the questions that race with their deadline are answered. */
const DEADLINE_MS = 6_000;

const KINDS = ['double click', 'approve and reject', 'approve and timeout'] as const;
type Kind = (typeof KINDS)[number];

interface Race {
  readonly kind: Kind;
  readonly runId: string;
  readonly approvalId: string;
  readonly deadlineMs: number;
}

interface Told {
  readonly status: number;
  readonly decision: string;
}

let knex: Knex;
let replicas: AppProcess[];

beforeAll(async () => {
  const databaseUrl = await createTestDatabase('approval_races');
  knex = createKnex(databaseUrl, { max: 5, name: 'test' });
  const env = { BREAKWATER_LEASE_TTL: '30s', BREAKWATER_RATE_LIMIT: '100000/s' };
  replicas = await Promise.all(
    Array.from({ length: REPLICAS }, async () => await AppProcess.start({ databaseUrl, env })),
  );
  for (const kind of KINDS) await publish(kind);
}, 120_000);

afterAll(async () => {
  await Promise.all(replicas.map(async (app) => await app.stop()));
  await knex.destroy();
});

const nameOf = (kind: Kind): string => kind.replaceAll(' ', '-');

async function publish(kind: Kind): Promise<void> {
  const timeout = kind === 'approve and timeout' ? `${DEADLINE_MS}ms` : '1h';
  const definition = {
    workflow: { name: nameOf(kind) },
    modules: [
      { id: 'review', type: 'approval', optional: true, approval: { title: 'Go?', approvers: ['role:lead'], timeout } },
    ],
    output: '${{ outputs.review }}',
  };
  const { status, body } = await replicaAt(0).call('POST', '/v1/definitions', stringify(definition), {
    'content-type': 'application/yaml',
  });
  if (status !== 201) throw new Error(JSON.stringify(body));
}

function replicaAt(index: number): AppProcess {
  return replicas[index % replicas.length]!;
}

async function open(kind: Kind, index: number): Promise<Race> {
  const { body } = await replicaAt(index).call('POST', '/v1/runs', { workflow: nameOf(kind), input: {} });
  const runId = String(body['id']);
  const row = await until(
    async () =>
      await knex
        .withSchema('breakwater')
        .table('approval')
        .first<{ id: string; deadline: Date } | undefined>('id', 'deadline')
        .where({ run_id: runId }),
    { what: `the question of ${runId}`, timeoutMs: 30_000 },
  );
  return { kind, runId, approvalId: row.id, deadlineMs: row.deadline.getTime() };
}

/** All answers at once, each at another replica; those against the deadline about the time it passes. */
async function race({ kind, approvalId, deadlineMs }: Race, seed: number): Promise<Told[]> {
  const random = fc.sample(fc.nat({ max: 300 }), { numRuns: ANSWERS_EACH, seed });
  return await Promise.all(
    random.map(async (jitterMs, index) => {
      const decision = kind !== 'double click' && index % 2 === 1 ? 'reject' : 'approve';
      if (kind === 'approve and timeout') await untilTime(deadlineMs - 150 + jitterMs);
      const path = `/v1/approvals/${approvalId}/decisions`;
      const { status } = await replicaAt(index + seed).call('POST', path, { decision, reason: `answer ${index}` });
      return { status, decision };
    }),
  );
}

async function untilTime(atMs: number): Promise<void> {
  const leftMs = atMs - Date.now();
  if (leftMs > 0) await pause(leftMs);
}

async function judge({ kind, runId, approvalId }: Race, told: readonly Told[]): Promise<void> {
  const taken = told.filter(({ status }) => status === 200);
  const made = await decisionsOf(approvalId);
  const byTimeout = made.some(({ via }) => via === 'timeout');
  expect(made.map(({ decision }) => decision)).toEqual(byTimeout ? ['reject'] : taken.map(({ decision }) => decision));
  expect(taken).toHaveLength(byTimeout ? 0 : 1);
  if (kind !== 'approve and timeout') expect(byTimeout).toBe(false);
  const refused = told.filter(({ status }) => status !== 200);
  expect(refused.filter(({ status }) => status !== 409 && status !== 410)).toEqual([]);
  expect(await keptAnswers(runId)).toBe(refused.length);
  expect(await ended(runId)).toMatchObject({ status: 'succeeded', output: { decision: made[0]?.decision } });
}

async function decisionsOf(approvalId: string): Promise<{ decision: string; via: string }[]> {
  const decisions = knex.withSchema('breakwater').table('approval_decision');
  return await decisions
    .select<{ decision: string; via: string }[]>('decision', 'via')
    .where('approval_id', approvalId);
}

async function keptAnswers(runId: string): Promise<number> {
  const events = knex.withSchema('breakwater').table('event').where('run_id', runId);
  return (await events.whereLike('kind', 'approval.answered_%').select('id')).length;
}

async function ended(runId: string): Promise<{ status: string; output: unknown }> {
  return await until(
    async () =>
      await knex
        .withSchema('breakwater')
        .table('run')
        .first<{ status: string; output: unknown } | undefined>('status', 'output')
        .where('id', runId)
        .whereNotNull('finished_at'),
    { what: `${runId} to end`, timeoutMs: 30_000 },
  );
}

it(
  `of ${ANSWERS} answers that race over ${REPLICAS} replicas each question takes exactly one, and none is lost`,
  async () => {
    const questions = ANSWERS / ANSWERS_EACH;
    let answered = 0;
    for (let first = 0; first < questions; first += WAVE) {
      const wave = Array.from({ length: Math.min(WAVE, questions - first) }, (_, index) => first + index);
      const races = await Promise.all(wave.map(async (index) => await open(KINDS[index % KINDS.length]!, index)));
      const told = await Promise.all(races.map(async (each, index) => await race(each, first + index)));
      for (const [index, each] of races.entries()) await judge(each, told[index]!);
      answered += told.flat().length;
    }
    expect(answered).toBe(ANSWERS);
  },
  TRIES_ALL ? 1_800_000 : 120_000,
);
