// An approval as a value, and the rows around a real one, for the tests of this room.
import type { Knex } from 'knex';
import type { Approval, DecisionRecord, NewApproval } from '../../src/approvals/index.ts';
import { newRunId } from '../../src/kernel/index.ts';

export function anApproval(over: Partial<Approval> = {}): Approval {
  const deadlineMs = over.deadlineMs ?? Date.UTC(2026, 0, 2);
  return {
    id: 'apr_1',
    tenant: 'acme',
    runId: 'run_1',
    node: 'review',
    status: 'pending',
    title: 'Ship it?',
    body: null,
    approvers: ['role:lead', 'user:ann'],
    requester: 'sam',
    allowRequester: false,
    quorum: 1,
    approvals: 0,
    changes: null,
    withdrawal: null,
    onTimeout: 'reject',
    editSchemas: {},
    editable: ['write.draft'],
    form: null,
    topic: '_:review:0',
    draftEdits: {},
    deadline: new Date(deadlineMs).toISOString(),
    deadlineMs,
    settledAt: null,
    decisions: [],
    ...over,
  };
}

export function aDecision(over: Partial<DecisionRecord> = {}): DecisionRecord {
  const at = '2026-01-01T00:00:00.000Z';
  return { decision: 'approve', by: 'ann', via: 'api', reason: null, edits: null, form: null, at, ...over };
}

export function aQuestion(over: Partial<NewApproval> & { runId: string }): NewApproval {
  return {
    tenant: 'acme',
    node: 'review',
    epoch: 0,
    title: 'Ship it?',
    approvers: ['role:lead', 'user:ann'],
    requester: 'sam',
    allowRequester: false,
    onTimeout: 'reject',
    editable: ['write.draft'],
    topic: '_:review:0',
    timeoutMs: 60_000,
    ...over,
  };
}

/** A run that waits: its row, its definition's and the durable workflow's, without anything executing it. */
export async function insertWaitingRun(knex: Knex, tenant = 'acme'): Promise<string> {
  const runId = newRunId(Date.now());
  const breakwater = (table: string) => knex.withSchema('breakwater').table(table);
  await breakwater('definition')
    .insert({ tenant, name: 'launch', version: '1.0.0', hash: 'h', title: 'Launch', kind: 'coded', created_by: 'sam' })
    .onConflict(['tenant', 'name', 'version'])
    .ignore();
  await breakwater('run').insert({
    id: runId,
    tenant,
    workflow: 'launch',
    version: '1.0.0',
    hash: 'h',
    input: '{}',
    status: 'waiting',
    requester: 'sam',
    request_digest: 'd',
  });
  await knex.withSchema('dbos').table('workflow_status').insert({ workflow_uuid: runId, status: 'PENDING' });
  return runId;
}

/** The messages stored for a run, oldest first. */
export async function messagesOf(knex: Knex, runId: string): Promise<{ topic: string; message: string }[]> {
  return await knex
    .withSchema('dbos')
    .table('notifications')
    .select<{ topic: string; message: string }[]>('topic', 'message')
    .where('destination_uuid', runId);
}
