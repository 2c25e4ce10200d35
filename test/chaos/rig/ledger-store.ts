// The effect ledger: the schema of the Postgres that no fault reaches, what the fixture vendor does in it, and reading it back.
import type pg from 'pg';
import type { CallFact, EffectFact, EntryFact } from './facts.ts';

// `perform` commits the call before it works and the effect after it, as a vendor that goes on when its caller has gone.
const SCHEMA = `
create schema ledger;
create table ledger.call (
  id        bigint generated always as identity primary key,
  key       text not null,
  run       text not null,
  instance  text not null,
  node      text not null,
  kind      text not null check (kind in ('act', 'turned_away', 'probe', 'undo', 'refusal')),
  began_at  timestamptz not null default clock_timestamp(),
  ended_at  timestamptz
);
create index call_by_key on ledger.call (key);
create table ledger.effect (
  id          bigint generated always as identity primary key,
  key         text not null,
  run         text not null,
  node        text not null,
  keyed       boolean not null,
  applied_at  timestamptz not null default clock_timestamp(),
  undone_at   timestamptz,
  undone_by   bigint references ledger.call
);
create index effect_by_key on ledger.effect (key);
create unique index effect_once_a_key on ledger.effect (key) where keyed;
create table ledger.list (name text primary key, length int not null);
create table ledger.entry (
  list      text not null references ledger.list,
  position  int not null,
  key       text not null unique,
  run       text not null,
  node      text not null,
  primary key (list, position)
);

create function ledger.begin_call(p_key text, p_run text, p_instance text, p_node text, p_kind text) returns bigint
language sql as $$
  insert into ledger.call (key, run, instance, node, kind) values (p_key, p_run, p_instance, p_node, p_kind) returning id
$$;
create function ledger.end_call(p_call bigint) returns void language sql as $$
  update ledger.call set ended_at = clock_timestamp() where id = p_call
$$;

create procedure ledger.perform(p_key text, p_run text, p_instance text, p_node text, p_work_ms int, p_keyed boolean)
language plpgsql as $$
declare
  v_call bigint := ledger.begin_call(p_key, p_run, p_instance, p_node, 'act');
begin
  commit;
  perform pg_sleep(p_work_ms / 1000.0);
  insert into ledger.effect (key, run, node, keyed) values (p_key, p_run, p_node, p_keyed) on conflict do nothing;
  perform ledger.end_call(v_call);
end $$;

create function ledger.look(p_key text, p_run text, p_instance text, p_node text) returns boolean language plpgsql as $$
begin
  perform ledger.end_call(ledger.begin_call(p_key, p_run, p_instance, p_node, 'probe'));
  return exists (select 1 from ledger.effect e where e.key = p_key and e.undone_at is null);
end $$;

create function ledger.turn_away(p_key text, p_run text, p_instance text, p_node text) returns boolean
language plpgsql as $$
begin
  if exists (select 1 from ledger.call c where c.key = p_key) then return false; end if;
  perform ledger.end_call(ledger.begin_call(p_key, p_run, p_instance, p_node, 'turned_away'));
  return true;
end $$;

create function ledger.append(p_key text, p_run text, p_instance text, p_node text, p_list text) returns int
language plpgsql as $$
declare
  v_call bigint := ledger.begin_call(p_key, p_run, p_instance, p_node, 'act');
  v_position int;
begin
  insert into ledger.list values (p_list, 0) on conflict do nothing;
  perform 1 from ledger.list l where l.name = p_list for update;
  select e.position into v_position from ledger.entry e where e.key = p_key;
  if v_position is null then
    update ledger.list set length = length + 1 where name = p_list returning length into v_position;
    insert into ledger.entry (list, position, key, run, node) values (p_list, v_position, p_key, p_run, p_node);
    insert into ledger.effect (key, run, node, keyed) values (p_key, p_run, p_node, true);
  end if;
  perform ledger.end_call(v_call);
  return v_position;
end $$;

create function ledger.refuse(p_key text, p_run text, p_instance text, p_node text) returns void language sql as $$
  select ledger.end_call(ledger.begin_call(p_key, p_run, p_instance, p_node, 'refusal'))
$$;

create function ledger.take_back(p_key text, p_run text, p_instance text, p_node text, p_act text) returns int
language plpgsql as $$
declare
  v_call bigint := ledger.begin_call(p_key, p_run, p_instance, p_node, 'undo');
  v_taken int;
begin
  update ledger.effect e set undone_at = clock_timestamp(), undone_by = v_call
   where e.key = p_act and e.undone_at is null;
  get diagnostics v_taken = row_count;
  perform ledger.end_call(v_call);
  return v_taken;
end $$;
`;

const INSTANT = (column: string): string => `(extract(epoch from ${column}) * 1000)::float8`;

export async function createLedger(client: pg.Pool): Promise<void> {
  await client.query(SCHEMA);
}

export async function loadCalls(client: pg.Pool): Promise<CallFact[]> {
  const { rows } = await client.query<CallFact>(
    `select id::int, key, run, instance, node, kind, ${INSTANT('began_at')} as "beganAt", ${INSTANT('ended_at')} as "endedAt"
       from ledger.call
      order by id`,
  );
  return rows;
}

export async function loadEffects(client: pg.Pool): Promise<EffectFact[]> {
  const { rows } = await client.query<EffectFact>(
    `select key, run, node, ${INSTANT('applied_at')} as "appliedAt", ${INSTANT('undone_at')} as "undoneAt",
            undone_by::int as "undoneBy"
       from ledger.effect
      order by id`,
  );
  return rows;
}

export async function loadEntries(client: pg.Pool): Promise<EntryFact[]> {
  const { rows } = await client.query<EntryFact>(
    'select list, position, run, node from ledger.entry order by list, position',
  );
  return rows;
}
