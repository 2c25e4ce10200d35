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
      -- Edits made while the question is open: they ship with the approval.
      draft_edits      json,
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

// In activity_status `done` and `doubtful` are acts that took effect or may have: what a turn undoes.
// The checkpoint of a node's attempt is {"outcome": …} once it is final; a failed attempt that will be repeated is {"retryAt": …}.
async function createViews(knex) {
  await knex.raw(`
    create view breakwater.run_status as
    select r.id, r.tenant, r.workflow, r.version, r.status, r.cause, r.phase, r.progress, r.waiting_for,
           r.started_at, r.finished_at, coalesce(r.finished_at, clock_timestamp()) - r.started_at as duration,
           w.executor_id as executor, r.labels
      from breakwater.run r
      left join dbos.workflow_status w on w.workflow_uuid = r.id;

    -- A checkpoint of user code may hold text that jsonb refuses: it is then not shown, but hides no other.
    create function breakwater.checkpoint(output text) returns jsonb language plpgsql immutable parallel safe as
    $$ begin
      return (output::jsonb) -> 'json';
    exception when others then
      return null;
    end $$;

    create view breakwater.activity_status as
    with fact as (
      select r.id as run, r.tenant, r.status as run_status, r.cause, r.finished_at as run_finished_at,
             n.value as plan, n.ordinality, n.value ->> 'id' as node,
             act.outcome, act.attempts, act.started_at, act.finished_at, act.key, act.done, act.doubtful,
             undo.settled as undos, undo.failed as undos_failed, undo.undone, undo.seen as undoing
        from breakwater.run r
        join breakwater.definition d on d.tenant = r.tenant and d.name = r.workflow and d.version = r.version
        cross join lateral jsonb_array_elements(d.plan -> 'nodes') with ordinality n
        cross join lateral (
          select (array_agg(o.outcome order by o.function_id)
                    filter (where o.function_name = n.value ->> 'id' and o.outcome is not null))[1] as outcome,
                 count(distinct (o.function_name, o.attempt)) filter (where o.attempt is not null) as attempts,
                 count(*) filter (where o.attempt is not null and (o.outcome ->> 'ok')::boolean) as done,
                 count(*) filter (where (o.outcome #>> '{error,unknown}')::boolean
                                    and (o.attempt is not null or n.value -> 'forEach' is null)) as doubtful,
                 to_timestamp(min(o.started_at_epoch_ms) / 1000.0) as started_at,
                 to_timestamp(max(o.completed_at_epoch_ms) / 1000.0) as finished_at,
                 max(o.key) as key
            from (
              select s.*, c.value -> 'outcome' as outcome, c.value ->> 'attempt' as attempt, c.value ->> 'key' as key
                from dbos.operation_outputs s
                cross join lateral (select breakwater.checkpoint(s.output) as value) c
               where s.workflow_uuid = r.id and s.output is not null
                 and s.function_id >= (n.value #>> '{range,base}')::int
                 and s.function_id < (n.value #>> '{range,base}')::int + (n.value #>> '{range,size}')::int
                 and s.function_name not like 'undo %'
            ) o
        ) act
        cross join lateral (
          select count(*) filter (where o.outcome is not null) as settled,
                 count(*) filter (where not (o.outcome ->> 'ok')::boolean) as failed,
                 count(*) filter (where (o.outcome ->> 'ok')::boolean and not coalesce((o.outcome ->> 'skipped')::boolean, false)) as undone,
                 count(*) > 0 as seen
            from (
              select breakwater.checkpoint(s.output) -> 'outcome' as outcome
                from dbos.operation_outputs s
               where s.workflow_uuid = r.id and s.output is not null
                 and s.function_id >= (n.value #>> '{range,base}')::int
                 and s.function_id < (n.value #>> '{range,base}')::int + (n.value #>> '{range,size}')::int
                 and s.function_name like 'undo %'
            ) o
        ) undo
    )
    select run, tenant, node,
           coalesce(turned.status, case
             when (outcome ->> 'skipped')::boolean then 'skipped'
             when (outcome ->> 'ok')::boolean then 'completed'
             -- Looked up, and nothing was there.
             when (outcome #>> '{error,unknown}')::boolean and undos > 0 then 'failed'
             when (outcome #>> '{error,unknown}')::boolean then 'unknown'
             when outcome is not null then 'failed'
             when run_finished_at is not null or run_status in ('compensating', 'held') then 'skipped'
             when ready.met and plan ->> 'kind' <> 'activity' then 'waiting'
             when ready.met then 'executing'
             else 'pending'
           end) as status,
           attempts, started_at, case when outcome is not null then finished_at end as finished_at, key,
           outcome #>> '{error,code}' as error_code,
           turned.status as compensation_status,
           ordinality as position
      from fact
      cross join lateral (
        select bool_and(exists (
                 select 1 from dbos.operation_outputs o
                  where o.workflow_uuid = run and o.function_name = dependency
                    and jsonb_exists(breakwater.checkpoint(o.output), 'outcome'))) is not false as met
          from jsonb_array_elements_text(plan -> 'dependencies') dependency
      ) ready
      cross join lateral (
        select case
          -- An optional list whose doubtful items were undone while the run went on stays what it is.
          when cause is null and (outcome ->> 'ok')::boolean then null
          when undos_failed > 0 and (undos >= done + doubtful or run_finished_at is not null) then 'compensation_failed'
          when undos > 0 and (undos >= done + doubtful or run_finished_at is not null)
            then case when undone > 0 then 'compensated' end
          when undoing then 'compensating'
          -- It is to be undone, in its turn.
          when run_status = 'compensating' and done > 0 and plan -> 'compensation' is not null then 'compensating'
        end as status
      ) turned;
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
