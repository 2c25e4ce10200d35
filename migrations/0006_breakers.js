// Circuit breakers that all processes share: the state of each service, and how it came about.

/** @param {import('knex').Knex} knex */
export async function up(knex) {
  await knex.raw(`
    -- A row appears with a service's first failure, or when an operator forces it. Times are the database's.
    create table breakwater.circuit_breaker (
      -- '*' for a tool, whose credentials are the installation's; other services are named by a tenant's definitions.
      tenant           text not null,
      service          text not null,
      state            text not null check (state in ('closed', 'open', 'half_open')),
      -- One more with each change of state: a call counts only in the epoch in which it began.
      epoch            bigint not null,
      -- One more with each write: whoever reads twice knows which is the newer.
      version          bigint not null default 1,
      -- In a row.
      failures         int not null default 0 check (failures >= 0),
      last_failure_at  timestamptz,
      -- [[second, ok, failed], ...] of the last minutes.
      calls            jsonb not null default '[]',
      opened_at        timestamptz,
      next_probe_at    timestamptz,
      successes        int not null default 0 check (successes >= 0),
      probe_token      text,
      -- The executor that tries; null: a process without a lease.
      probe_holder     text,
      probe_expires_at timestamptz,
      forced_by        text,
      forced_reason    text,
      forced_until     timestamptz,
      updated_at       timestamptz not null default clock_timestamp(),
      primary key (tenant, service),
      check ((state = 'closed') = (opened_at is null)),
      check ((state = 'open') = (next_probe_at is not null)),
      check ((probe_token is null) = (probe_expires_at is null)),
      check (probe_token is null or state = 'half_open'),
      check (probe_holder is null or probe_token is not null),
      check ((forced_until is null) = (forced_by is null) and (forced_until is null) = (forced_reason is null)),
      check (forced_until is null or state <> 'half_open')
    );

    -- The newest of each service are kept.
    create table breakwater.breaker_transition (
      id          bigint generated always as identity primary key,
      tenant      text not null,
      service     text not null,
      from_state  text not null check (from_state in ('closed', 'open', 'half_open')),
      to_state    text not null check (to_state in ('closed', 'open', 'half_open')),
      epoch       bigint not null,
      why         text not null,
      -- The operator who forced it; null: it came by itself.
      forced_by   text,
      at          timestamptz not null default clock_timestamp(),
      unique (tenant, service, epoch)
    );
    create index breaker_transition_by_age on breakwater.breaker_transition (tenant, service, id desc);

    grant select, insert, update on breakwater.circuit_breaker to breakwater_app;
    grant select, insert, delete on breakwater.breaker_transition to breakwater_app;
  `);
}

/** @param {import('knex').Knex} knex */
export async function down(knex) {
  await knex.raw('drop table if exists breakwater.breaker_transition, breakwater.circuit_breaker');
}
