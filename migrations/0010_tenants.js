// The wall around a tenant: row security on every table of ours and on what DBOS keeps of runs, and no right more than requests use.

/** @param {import('knex').Knex} knex */
export async function up(knex) {
  await createWall(knex);
  await knex.raw(`
    select breakwater.wall(name) from unnest(array[
      'definition', 'run', 'event', 'approval', 'approval_decision', 'api_key', 'audit', 'memory', 'recovery']) as name;
    select breakwater.wall(name, shared => true) from unnest(array[
      'executor', 'shared_secret', 'circuit_breaker', 'breaker_transition']) as name;

    -- The breakers of tools belong to all: who may force one is decided by its role.
    create policy forced on breakwater.circuit_breaker to breakwater_app using (tenant = '*');
    create policy forced on breakwater.breaker_transition to breakwater_app using (tenant = '*');

    alter table breakwater.api_key add constraint api_key_of_one_tenant check (tenant not in ('', '*'));

    -- With the rights, and behind the wall, of whoever reads them.
    alter view breakwater.run_status set (security_invoker = true);
    alter view breakwater.activity_record set (security_invoker = true);
    alter view breakwater.activity_status set (security_invoker = true);
    alter view breakwater.effect set (security_invoker = true);
  `);
  await wallRecords(knex);
  await createKeyOwner(knex);
  await grantWhatIsUsed(knex);
}

async function createWall(knex) {
  await knex.raw(`
    -- Whose rows a session sees; '*' is everybody's, which only the engine says. Without one it is refused, rather than shown nothing.
    create function breakwater.current_tenant() returns text language plpgsql stable parallel safe as
    $$
    declare
      said text := current_setting('breakwater.tenant', true);
    begin
      if coalesce(said, '') = '' then
        raise insufficient_privilege using
          message = 'no tenant is set in this session',
          hint = 'set breakwater.tenant, for a transaction: set_config(''breakwater.tenant'', <tenant>, true)';
      end if;
      return said;
    end $$;

    -- Every table of ours has its rows behind this. Requests see those of their tenant, and where \`shared\` read those that belong to
    -- all. A policy for each role, as one for both could not use an index that begins with the tenant; in a subquery the setting is
    -- read once a statement.
    create function breakwater.wall(relation text, shared boolean default false) returns void language plpgsql as
    $$
    begin
      execute format('alter table breakwater.%I enable row level security, force row level security', relation);
      execute format('create policy requests on breakwater.%I to breakwater_app
                        using (tenant = (select breakwater.current_tenant()))', relation);
      execute format('create policy engine on breakwater.%I to %I
                        using ((select breakwater.current_tenant()) in (''*'', tenant))', relation, current_user);
      if shared then
        execute format('create policy shared on breakwater.%I for select to breakwater_app using (tenant = ''*'')', relation);
      end if;
    end $$;
    revoke execute on function breakwater.wall(text, boolean) from public;
  `);
}

// DBOS knows no tenants: its rows are whose run they belong to. It is their owner and is not held up. Where a run begins, its rows and
// ours go in together, so that its status and input cannot be behind this: of those, requests have no column that holds what users said.
async function wallRecords(knex) {
  const records = {
    operation_outputs: 'workflow_uuid',
    workflow_output: 'workflow_uuid',
    transaction_completion: 'workflow_id',
    notifications: 'destination_uuid',
  };
  for (const [table, run] of Object.entries(records)) {
    await knex.raw(`
      alter table dbos.${table} enable row level security;
      create policy requests on dbos.${table} to breakwater_app
        using (exists (select 1 from breakwater.run r where r.id = ${run}));
    `);
  }
}

// Before a key is known its tenant is not: the one question that is asked across tenants, and all that requests learn of keys.
async function createKeyOwner(knex) {
  await knex.raw(`
    create function breakwater.key_owner(hash text) returns table (tenant text, user_name text, roles jsonb)
    language plpgsql security definer set search_path = '' as
    $$
    declare
      before text := coalesce(current_setting('breakwater.tenant', true), '');
    begin
      perform set_config('breakwater.tenant', '*', true);
      return query
        with live as (
          select k.* from breakwater.api_key k
           where k.key_hash = hash and k.revoked_at is null and (k.expires_at is null or k.expires_at > clock_timestamp())
        ), used as (
          update breakwater.api_key k
             set last_used_at = clock_timestamp()
            from live
           where k.id = live.id and (k.last_used_at is null or k.last_used_at < clock_timestamp() - interval '1 minute'))
        select live.tenant, live.user_name, live.roles from live;
      perform set_config('breakwater.tenant', before, true);
    end $$;
    revoke execute on function breakwater.key_owner(text) from public;
    grant execute on function breakwater.key_owner(text) to breakwater_app;
  `);
}

async function grantWhatIsUsed(knex) {
  await knex.raw(`
    revoke all on all tables in schema breakwater, dbos from breakwater_app;
    revoke all on all sequences in schema breakwater from breakwater_app;

    grant select, insert on breakwater.definition, breakwater.event, breakwater.approval_decision, breakwater.audit to breakwater_app;
    grant select, insert, update on breakwater.run, breakwater.circuit_breaker to breakwater_app;
    grant select, update on breakwater.approval to breakwater_app;
    grant select, insert, update, delete on breakwater.memory to breakwater_app;
    grant select, insert, delete on breakwater.breaker_transition to breakwater_app;
    grant select, delete on breakwater.recovery to breakwater_app;
    grant select on breakwater.executor, breakwater.run_status, breakwater.activity_record, breakwater.activity_status,
                    breakwater.effect to breakwater_app;

    grant insert, update on dbos.workflow_status to breakwater_app;
    grant select (workflow_uuid, status, name, class_name, config_name, executor_id, owner_xid, queue_name, application_name,
                  application_version, recovery_attempts, creator_xid, serialization, deduplication_id, created_at, updated_at)
       on dbos.workflow_status to breakwater_app;
    grant insert on dbos.workflow_input to breakwater_app;
    grant select (workflow_uuid) on dbos.workflow_input to breakwater_app;
    grant select, insert, delete on dbos.operation_outputs to breakwater_app;
    grant select, insert, delete on dbos.notifications to breakwater_app;
    grant select, delete on dbos.workflow_output, dbos.transaction_completion to breakwater_app;
  `);
}

/** @param {import('knex').Knex} knex */
export async function down() {
  throw new Error('a wall around tenants is not taken down again');
}
