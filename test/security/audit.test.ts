// What people do to runs, questions, definitions, breakers, keys and tools is in the audit: who, what, to what, in whose tenant.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { openApproval } from '../../src/approvals/index.ts';
import { createKey, revokeKey } from '../../src/http/index.ts';
import { aQuestion, insertWaitingRun } from '../approvals/an-approval.ts';
import { until } from '../support/until.ts';
import { QUICK, openTwoTenants, type TwoTenants } from './two-tenants.ts';

let world: TwoTenants;

beforeAll(async () => {
  world = await openTwoTenants('audit');
});

afterAll(async () => await world.stop());

const ask = async (path: string, body: unknown = {}, headers: Record<string, string> = {}) => {
  const answer = await world.api.call(path, { key: world.of.acme.key, body, headers });
  expect({ path, ok: answer.status < 300, text: answer.text }).toMatchObject({ path, ok: true });
  return answer.body as { id: string };
};

const rows = z.array(z.object({ tenant: z.string(), actor: z.string(), action: z.string() }));

async function tracesOf(subject: string): Promise<z.output<typeof rows>> {
  const table = world.api.knex.withSchema('breakwater').table('audit');
  return rows.parse(await table.select('tenant', 'actor', 'action').where({ subject }).orderBy('id'));
}

const by = (action: string, actor = 'admin-of-acme') => ({ tenant: 'acme', actor, action });

async function quickRun(): Promise<string> {
  const { id } = await ask('/v1/runs', { workflow: 'quick' });
  const isOver = async () => (await world.api.app.runs.get('acme', id)).status === 'succeeded';
  await until(isOver, { what: 'the run to end' });
  return id;
}

describe('the audit tells', () => {
  it('of every verb that a run was told', async () => {
    const { runId } = world.of.acme;
    for (const verb of ['pause', 'resume', 'cancel']) await ask(`/v1/runs/${runId}/${verb}`);

    expect(await tracesOf(runId)).toEqual([by('run.pause'), by('run.resume'), by('run.cancel')]);
  });

  it('of runs that are repeated, forked and taken back', async () => {
    const [rewound, forked, undone] = [await quickRun(), await quickRun(), await quickRun()];
    await ask(`/v1/runs/${rewound}/rewind`, { node: 'look.up' });
    await ask(`/v1/runs/${forked}/fork`, { node: 'look.up' });
    await ask(`/v1/runs/${undone}/compensate`);

    expect(await tracesOf(rewound)).toEqual([by('run.rewind')]);
    expect(await tracesOf(forked)).toEqual([by('run.fork')]);
    expect(await tracesOf(undone)).toEqual([by('run.compensate')]);
  });

  it('of decisions about questions, and of who asks others', async () => {
    const { approvalId, key } = world.of.beta;
    const answer = async (path: string, body: unknown) =>
      await world.api.call(`/v1/approvals/${approvalId}/${path}`, { key, body });
    expect((await answer('reassign', { approvers: ['user:eve'], reason: 'away' })).status).toBe(200);
    expect((await answer('decisions', { decision: 'approve' })).status).toBe(200);
    expect((await answer('withdraw', {})).status).toBe(409);

    const beta = (action: string) => ({ tenant: 'beta', actor: 'admin-of-beta', action });
    expect(await tracesOf(approvalId)).toEqual([beta('approval.reassign'), beta('approval.approve')]);
  });

  it('of questions that are taken back, and of what is answered to them afterwards or by strangers', async () => {
    const runId = await insertWaitingRun(world.api.knex);
    const { id } = await world.api.knex.transaction((trx) => openApproval(trx, aQuestion({ runId })));
    const stranger = await world.api.keyFor('eve', ['approver'], { tenant: 'acme' });
    const decide = async (key: string) =>
      (await world.api.call(`/v1/approvals/${id}/decisions`, { key, body: { decision: 'approve' } })).status;

    const refused = await decide(stranger);
    await ask(`/v1/approvals/${id}/withdraw`, { reason: 'by mistake' });

    expect([refused, await decide(world.of.acme.key)]).toEqual([403, 409]);
    expect(await tracesOf(id)).toEqual([
      by('approval.refused', 'eve'),
      by('approval.withdraw'),
      by('approval.answered_again'),
    ]);
  });

  it('of definitions that are published, once', async () => {
    const source = QUICK.replace('name: quick', 'name: told');
    for (let times = 0; times < 2; times++)
      await ask('/v1/definitions', source, { 'content-type': 'application/yaml' });

    expect(await tracesOf('told')).toEqual([by('definition.publish')]);
  });

  it('of breakers that are forced, and of single calls of tools', async () => {
    await ask('/v1/breakers/github/open', { reason: 'probe', for: '1s' });
    await ask('/v1/breakers/github/close', { reason: 'probe', for: '1s' });
    await ask('/v1/adapters/memory/execute', { action: 'recall', arguments: {} });

    expect(await tracesOf('github')).toEqual([by('breaker.open'), by('breaker.close')]);
    expect(await tracesOf('memory.recall')).toEqual([by('adapter.execute'), by('adapter.executed')]);
  });

  it('of keys that are made and revoked', async () => {
    const key = { tenant: 'acme', user: 'kim', roles: ['viewer'] };
    const { id } = await createKey(world.api.knex, key, 'operator-at-a-terminal');
    await revokeKey(world.api.knex, id, 'operator-at-a-terminal');

    const actor = 'operator-at-a-terminal';
    expect(await tracesOf(id)).toEqual([by('key.create', actor), by('key.revoke', actor)]);
  });
});
