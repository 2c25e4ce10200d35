// The schema `breakwater`: definitions, runs, events, approvals, executors, keys, audit, memory, and the two views operators query.
// DBOS's own tables must exist first (schema `dbos`): the view of activities is derived from its checkpoints.

/** @param {import('knex').Knex} knex */
export async function up(knex) {
  await knex.raw(`
    create schema if not exists breakwater;

    -- What can be run. Immutable: a version is never edited, only added.
    create table breakwater.definition (
      tenant      text not null,
      name        text not null,
      version     text not null,
      hash        text not null,
      title       text not null,
      kind        text not null check (kind in ('yaml', 'coded')),
      source      text,
      media_type  text,
      plan        jsonb,
      created_by  text not null,
      created_at  timestamptz not null default clock_timestamp(),
      primary key (tenant, name, version),
      check ((kind = 'yaml') = (plan is not null))
    );
    create index definition_by_hash on breakwater.definition (tenant, hash);

    -- One execution. The record of what happened is DBOS's; this row holds what the outside asked for and sees.
    create table breakwater.run (
      id               text primary key,
      tenant           text not null,
      workflow         text not null,
      version          text not null,
      hash             text not null,
      -- json, not jsonb: people see members in the order in which they were written.
      input            json not null,
      status           text not null default 'running'
        check (status in ('queued', 'running', 'waiting', 'paused', 'held', 'stuck', 'compensating',
                          'succeeded', 'failed', 'compensated', 'rejected', 'cancelled', 'compensation_failed')),
      cause            text check (cause in ('failure', 'rejection', 'cancel', 'timeout')),
      phase            text,
      progress         int not null default 0 check (progress between 0 and 100),
      waiting_for      text,
      output           json,
      error            jsonb,
      compensation     jsonb,
      priority         text not null default 'normal' check (priority in ('low', 'normal', 'high', 'critical')),
      labels           jsonb not null default '{}',
      requester        text not null,
      sandboxed        boolean not null default false,
      -- What an operator asked of a running run, such as {"cancel": {…}}; the run reads it, only the API writes it.
      control          jsonb,
      idempotency_key  text,
      request_digest   text not null,
      created_at       timestamptz not null default clock_timestamp(),
      started_at       timestamptz not null default clock_timestamp(),
      finished_at      timestamptz,
      updated_at       timestamptz not null default clock_timestamp(),
      foreign key (tenant, workflow, version) references breakwater.definition (tenant, name, version),
      check ((finished_at is not null) =
             (status in ('succeeded', 'failed', 'compensated', 'rejected', 'cancelled', 'compensation_failed')))
    );
    create unique index run_by_idempotency_key on breakwater.run (tenant, idempotency_key) where idempotency_key is not null;
    create index run_by_age on breakwater.run (tenant, created_at desc, id desc);
    create index run_by_workflow on breakwater.run (tenant, workflow, created_at desc);
    create index run_by_status on breakwater.run (tenant, status, created_at desc);
    create index run_by_label on breakwater.run using gin (labels jsonb_path_ops);

    -- Facts that no checkpoint holds: controls, decisions, take-overs.
    create table breakwater.event (
      id       bigint generated always as identity primary key,
      tenant   text not null,
      run_id   text not null references breakwater.run (id) on delete cascade,
      node     text,
      kind     text not null,
      data     jsonb not null default '{}',
      at       timestamptz not null default clock_timestamp()
    );
    create index event_by_run on breakwater.event (run_id, id);

    create table breakwater.approval (
      id               text primary key,
      tenant           text not null,
      run_id           text not null references breakwater.run (id) on delete cascade,
      node             text not null,
      epoch            int not null default 0,
      status           text not null default 'pending'
        check (status in ('pending', 'approved', 'rejected', 'expired', 'withdrawn')),
      title            text not null,
      body             text,
      approvers        jsonb not null,
      requester        text not null,
      allow_requester  boolean not null,
      on_timeout       text not null check (on_timeout in ('reject', 'approve')),
      editable         jsonb not null default '[]',
      form             jsonb,
      -- The wake topic of the node that waits.
      topic            text not null,
      deadline         timestamptz not null,
      created_at       timestamptz not null default clock_timestamp(),
      settled_at       timestamptz,
      unique (run_id, node, epoch),
      check ((settled_at is null) = (status = 'pending'))
    );
    create index approval_pending on breakwater.approval (tenant, created_at desc) where status = 'pending';
    create index approval_by_age on breakwater.approval (tenant, created_at desc, id desc);

    create table breakwater.approval_decision (
      approval_id  text not null references breakwater.approval (id) on delete cascade,
      tenant       text not null,
      decision     text not null check (decision in ('approve', 'reject')),
      decided_by   text not null,
      via          text not null check (via in ('api', 'link', 'timeout')),
      reason       text,
      edits        jsonb,
      form         jsonb,
      at           timestamptz not null default clock_timestamp(),
      primary key (approval_id, decided_by)
    );

    -- One running process and its right to own runs. Times are the database's.
    create table breakwater.executor (
      id            text primary key,
      tenant        text not null default '*',
      host          text not null,
      pid           int not null,
      role          text not null,
      protocol      text not null,
      started_at    timestamptz not null default clock_timestamp(),
      heartbeat_at  timestamptz not null default clock_timestamp(),
      expires_at    timestamptz not null
    );

    -- Keys are stored hashed; the text is shown once, when it is made.
    create table breakwater.api_key (
      id            text primary key,
      tenant        text not null,
      user_name     text not null,
      roles         jsonb not null,
      key_hash      text not null unique,
      created_at    timestamptz not null default clock_timestamp(),
      expires_at    timestamptz,
      revoked_at    timestamptz,
      last_used_at  timestamptz
    );

    -- Secrets that all executors of this database share, such as the key that signs approval links.
    create table breakwater.shared_secret (
      name        text primary key,
      tenant      text not null default '*',
      value       text not null,
      created_at  timestamptz not null default clock_timestamp()
    );

    create table breakwater.audit (
      id       bigint generated always as identity primary key,
      tenant   text not null,
      actor    text not null,
      action   text not null,
      subject  text not null,
      data     jsonb not null default '{}',
      at       timestamptz not null default clock_timestamp()
    );
    create index audit_by_subject on breakwater.audit (tenant, subject, id);

    create table breakwater.memory (
      tenant      text not null,
      namespace   text not null,
      key         text not null,
      content     jsonb not null,
      text        text not null,
      metadata    jsonb not null default '{}',
      effect_key  text,
      created_at  timestamptz not null default clock_timestamp(),
      updated_at  timestamptz not null default clock_timestamp(),
      search      tsvector generated always as (to_tsvector('simple', text)) stored,
      primary key (tenant, namespace, key)
    );
    create index memory_search on breakwater.memory using gin (search);
  `);
  await createViews(knex);
  await createRole(knex);
}

// The checkpoint of a node's attempt is {"outcome": …} once it is final; a failed attempt that will be repeated is {"retryAt": …}.
async function createViews(knex) {
  await knex.raw(`
    create view breakwater.run_status as
    select r.id, r.tenant, r.workflow, r.version, r.status, r.cause, r.phase, r.progress, r.waiting_for,
           r.started_at, r.finished_at, coalesce(r.finished_at, clock_timestamp()) - r.started_at as duration,
           w.executor_id as executor, r.labels
      from breakwater.run r
      left join dbos.workflow_status w on w.workflow_uuid = r.id;

    create function breakwater.checkpoint(output text) returns jsonb language sql immutable parallel safe as
    $$ select (output::jsonb) -> 'json' $$;

    create view breakwater.activity_status as
    with node as (
      select r.id as run, r.tenant, r.status as run_status, r.finished_at as run_finished_at, n.value as plan, n.ordinality,
             n.value ->> 'id' as node,
             (n.value #>> '{range,base}')::int as base, (n.value #>> '{range,size}')::int as size
        from breakwater.run r
        join breakwater.definition d on d.tenant = r.tenant and d.name = r.workflow and d.version = r.version
        cross join lateral jsonb_array_elements(d.plan -> 'nodes') with ordinality n
    ), fact as (
      select node.*, act.outcome, act.attempts, act.started_at, act.finished_at, act.key, undo.outcome as undo, undo.seen as undoing,
             (select bool_and(exists (
                select 1 from dbos.operation_outputs o
                 where o.workflow_uuid = node.run and o.function_name = dependency
                   and jsonb_exists(breakwater.checkpoint(o.output), 'outcome')))
                from jsonb_array_elements_text(node.plan -> 'dependencies') dependency) as ready
        from node
        left join lateral (
          select (array_agg(breakwater.checkpoint(o.output) -> 'outcome' order by o.function_id)
                    filter (where o.function_name = node.node and jsonb_exists(breakwater.checkpoint(o.output), 'outcome')))[1] as outcome,
                 count(*) filter (where jsonb_exists(breakwater.checkpoint(o.output), 'attempt')) as attempts,
                 to_timestamp(min(o.started_at_epoch_ms) / 1000.0) as started_at,
                 to_timestamp(max(o.completed_at_epoch_ms) / 1000.0) as finished_at,
                 max(breakwater.checkpoint(o.output) ->> 'key') as key
            from dbos.operation_outputs o
           where o.workflow_uuid = node.run and o.function_id >= node.base and o.function_id < node.base + node.size
             and o.function_name not like 'undo %' and o.output is not null
        ) act on true
        left join lateral (
          select (array_agg(breakwater.checkpoint(o.output) -> 'outcome' order by o.function_id)
                    filter (where jsonb_exists(breakwater.checkpoint(o.output), 'outcome')))[1] as outcome,
                 count(*) > 0 as seen
            from dbos.operation_outputs o
           where o.workflow_uuid = node.run and o.function_id >= node.base and o.function_id < node.base + node.size
             and o.function_name like 'undo %' and o.output is not null
        ) undo on true
    )
    select run, tenant, node,
           case
             when undo is not null then case when (undo ->> 'ok')::boolean then 'compensated' else 'compensation_failed' end
             when undoing then 'compensating'
             when outcome is not null and (outcome ->> 'skipped')::boolean then 'skipped'
             when outcome is not null and (outcome ->> 'ok')::boolean then 'completed'
             when outcome is not null and (outcome #>> '{error,unknown}')::boolean then 'unknown'
             when outcome is not null then 'failed'
             when run_finished_at is not null or run_status in ('compensating', 'held') then 'skipped'
             when coalesce(ready, true) and plan ->> 'kind' <> 'activity' then 'waiting'
             when coalesce(ready, true) then 'executing'
             else 'pending'
           end as status,
           attempts, started_at, case when outcome is not null then finished_at end as finished_at, key,
           outcome #>> '{error,code}' as error_code,
           case when undo is not null then case when (undo ->> 'ok')::boolean then 'compensated' else 'compensation_failed' end
                when undoing then 'compensating' end as compensation_status,
           ordinality as position
      from fact;
  `);
}

// API queries run under this role, never as owner or superuser. Roles belong to the cluster, so it may exist already.
async function createRole(knex) {
  await knex.raw(`
    do $$ begin
      create role breakwater_app nologin;
    exception when duplicate_object or unique_violation then null;
    end $$;
    grant usage on schema breakwater, dbos to breakwater_app;
    grant select, insert, update on all tables in schema breakwater to breakwater_app;
    grant delete on breakwater.memory to breakwater_app;
    grant usage on all sequences in schema breakwater to breakwater_app;
    grant execute on all functions in schema breakwater to breakwater_app;
    grant select, insert, update on dbos.workflow_status, dbos.workflow_input, dbos.notifications to breakwater_app;
    grant select on dbos.operation_outputs, dbos.workflow_output to breakwater_app;
    do $$ begin
      execute format('grant breakwater_app to %I', current_user);
    end $$;
  `);
}

/** @param {import('knex').Knex} knex */
export async function down(knex) {
  await knex.raw('drop schema if exists breakwater cascade');
}
