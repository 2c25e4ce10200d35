// The wall around a tenant: row security on every table of ours, held by the role of requests and, being forced, by the owner too.

/** @param {import('knex').Knex} knex */
export async function up(knex) {
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

/** @param {import('knex').Knex} knex */
export async function down(knex) {
  await knex.raw(`
    drop function breakwater.wall(text, boolean);
    drop function breakwater.current_tenant();
  `);
}
