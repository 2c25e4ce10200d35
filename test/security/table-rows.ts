// A row of each table for any tenant, as SQL. A table that is not here fails the tests of the wall.

/** Tables that also hold rows which belong to all. */
export const SHARED: readonly string[] = ['executor', 'shared_secret', 'circuit_breaker', 'breaker_transition'];

export const SEEDS: Readonly<Record<string, (tenant: string) => string>> = {
  definition: (tenant) =>
    `insert into breakwater.definition (tenant, name, version, hash, title, kind, created_by)
     values ('${tenant}', 'seed', '1.0.0', 'h', 'Seed', 'coded', 'test')`,
  run: (tenant) =>
    `insert into breakwater.run (id, tenant, workflow, version, hash, input, status, requester, request_digest, finished_at)
     values ('seed ${tenant}', '${tenant}', 'seed', '1.0.0', 'h', '{}', 'succeeded', 'test', 'd', clock_timestamp())`,
  event: (tenant) =>
    `insert into breakwater.event (tenant, run_id, kind) values ('${tenant}', 'seed ${tenant}', 'control.pause')`,
  approval: (tenant) =>
    `insert into breakwater.approval (id, tenant, run_id, node, status, title, approvers, requester, allow_requester, on_timeout, topic, deadline, settled_at)
     values ('seed ${tenant}', '${tenant}', 'seed ${tenant}', 'n', 'approved', 'Seed', '[]', 'test', true, 'reject', '_:n:0', clock_timestamp(), clock_timestamp())`,
  approval_decision: (tenant) =>
    `insert into breakwater.approval_decision (approval_id, tenant, decision, decided_by, via)
     values ('seed ${tenant}', '${tenant}', 'approve', 'ann', 'api')`,
  executor: (tenant) =>
    `insert into breakwater.executor (id, tenant, host, pid, role, protocol, expires_at)
     values ('seed ${tenant}', '${tenant}', 'h', 1, 'api', '0', clock_timestamp() + interval '1 hour')`,
  api_key: (tenant) =>
    `insert into breakwater.api_key (id, tenant, user_name, roles, key_hash)
     values ('seed ${tenant}', '${tenant}', 'test', '[]', 'hash of ${tenant}')`,
  shared_secret: (tenant) =>
    `insert into breakwater.shared_secret (name, tenant, value) values ('seed ${tenant}', '${tenant}', 'secret')`,
  audit: (tenant) =>
    `insert into breakwater.audit (tenant, actor, action, subject) values ('${tenant}', 'test', 'run.pause', 'seed')`,
  memory: (tenant) =>
    `insert into breakwater.memory (tenant, namespace, key, content, text) values ('${tenant}', 'seed', 'k', '1', 't')`,
  recovery: (tenant) =>
    `insert into breakwater.recovery (run_id, tenant, crashes, checkpoints) values ('seed ${tenant}', '${tenant}', 1, 1)`,
  circuit_breaker: (tenant) =>
    `insert into breakwater.circuit_breaker (tenant, service, state, epoch) values ('${tenant}', 'seed', 'closed', 1)`,
  breaker_transition: (tenant) =>
    `insert into breakwater.breaker_transition (tenant, service, from_state, to_state, epoch, why)
     values ('${tenant}', 'seed', 'closed', 'open', 1, 'test')`,
  bulk: (tenant) =>
    `insert into breakwater.bulk (id, tenant, action, filter, actor, count, request_digest)
     values ('seed ${tenant}', '${tenant}', 'pause', '{}', 'test', 1, 'd')`,
  bulk_run: (tenant) =>
    `insert into breakwater.bulk_run (bulk_id, tenant, run_id, ordinal) values ('seed ${tenant}', '${tenant}', 'none', 1)`,
  approval_notice: (tenant) =>
    `insert into breakwater.approval_notice (approval_id, ordinal, tenant, kind, tool, target, state, due_at, ended_at)
     values ('seed ${tenant}', 1, '${tenant}', 'asked', 'slack', '#seed', 'dropped', clock_timestamp(), clock_timestamp())`,
};
