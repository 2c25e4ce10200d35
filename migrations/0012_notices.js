// Telling people of approvals: an outbox of notices that is written with the question and emptied by every executor.

/** @param {import('knex').Knex} knex */
export async function up(knex) {
  await knex.raw(`
    create table breakwater.approval_notice (
      approval_id     text not null references breakwater.approval (id) on delete cascade,
      ordinal         int not null,
      tenant          text not null,
      kind            text not null check (kind in ('asked', 'reminder', 'escalation', 'settled')),
      -- Null: it goes to no channel, it asks more people.
      tool            text check (tool in ('slack', 'sendgrid')),
      target          text,
      -- For whom the signed link of a mail speaks. The link itself is made when it is sent, and kept nowhere.
      approver        text,
      -- Of what asks more people: whom, and the channels to tell then.
      adds            jsonb,
      -- Of what comes when it is settled: the notice whose message it replaces.
      replaces        int,
      state           text not null default 'due' check (state in ('due', 'sending', 'sent', 'failed', 'dropped')),
      due_at          timestamptz not null,
      attempt         int not null default 0,
      first_tried_at  timestamptz,
      -- An earlier attempt may have reached its channel: it is looked for first.
      suspect         boolean not null default false,
      -- The executor that sends it.
      holder          text,
      -- What the channel calls it.
      external_id     text,
      error           jsonb,
      ended_at        timestamptz,
      primary key (approval_id, ordinal),
      check ((state = 'sending') = (holder is not null)),
      check ((state in ('sent', 'failed', 'dropped')) = (ended_at is not null)),
      check ((tool is null) = (adds is not null)),
      check ((kind = 'settled') = (replaces is not null))
    );
    create index approval_notice_open on breakwater.approval_notice (state, due_at) where state in ('due', 'sending');
    select breakwater.wall('approval_notice');

    -- Whatever settles an approval drops what nobody was told yet, and has what Slack shows replaced by the decision. As its owner:
    -- requests decide, but have no business in here.
    create function breakwater.settle_notices() returns trigger
    language plpgsql security definer set search_path = pg_catalog as
    $$
    begin
      update breakwater.approval_notice
         set state = 'dropped', ended_at = clock_timestamp()
       where approval_id = new.id and state = 'due' and not suspect;
      insert into breakwater.approval_notice (approval_id, ordinal, tenant, kind, tool, target, replaces, due_at)
      select n.approval_id,
             (select max(ordinal) from breakwater.approval_notice where approval_id = new.id)
               + row_number() over (order by n.ordinal),
             n.tenant, 'settled', n.tool, n.target, n.ordinal, clock_timestamp()
        from breakwater.approval_notice n
       where n.approval_id = new.id and n.tool = 'slack' and n.state in ('due', 'sending', 'sent');
      if found then
        perform pg_notify('breakwater_notice', '');
      end if;
      return null;
    end $$;
    revoke execute on function breakwater.settle_notices() from public;

    -- An open question that others are asked from now on is put to its channels at Slack once more: people are who is in them.
    create function breakwater.tell_again(approval text) returns void
    language plpgsql security definer set search_path = pg_catalog as
    $$
    begin
      insert into breakwater.approval_notice (approval_id, ordinal, tenant, kind, tool, target, due_at)
      select told.approval_id,
             (select max(ordinal) from breakwater.approval_notice where approval_id = approval)
               + row_number() over (order by min(told.ordinal)),
             told.tenant, 'asked', told.tool, told.target, clock_timestamp()
        from breakwater.approval_notice told
       where told.approval_id = approval and told.tool = 'slack' and told.state in ('sending', 'sent')
       group by told.approval_id, told.tenant, told.tool, told.target;
      if found then
        perform pg_notify('breakwater_notice', '');
      end if;
    end $$;
    revoke execute on function breakwater.tell_again(text) from public;
    grant execute on function breakwater.tell_again(text) to breakwater_app;

    create trigger approval_settled after update of status on breakwater.approval
      for each row when (old.status = 'pending' and new.status <> 'pending')
      execute function breakwater.settle_notices();
  `);
}

/** @param {import('knex').Knex} knex */
export async function down(knex) {
  await knex.raw(`
    drop trigger approval_settled on breakwater.approval;
    drop function breakwater.settle_notices();
    drop function breakwater.tell_again(text);
    drop table breakwater.approval_notice;
  `);
}
