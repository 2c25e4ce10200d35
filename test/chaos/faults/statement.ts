// What a statement is for, told from its text alone, and which statements a fault asks for. Pure.

/** All but `rollback`, `completion`, `read`, `write` and `other` are places of the engine at which a fault may strike. */
const KINDS = [
  'begin',
  'commit',
  'rollback',
  'claim',
  'look-up',
  'record',
  'completion',
  'run-insert',
  'lease-renewal',
  'sweep',
  'audit',
  'message-insert',
  'outcome-update',
  'read',
  'write',
  'other',
] as const;

export type StatementKind = (typeof KINDS)[number];

/** Where a fault may strike: making a connection, or a statement. */
export type CallSite = 'connect' | StatementKind;

/** The twelve places at which the engine speaks to its database. */
export const CALL_SITES = [
  'connect',
  'begin',
  'claim',
  'look-up',
  'record',
  'commit',
  'run-insert',
  'lease-renewal',
  'sweep',
  'audit',
  'message-insert',
  'outcome-update',
] as const satisfies readonly CallSite[];

/** A statement on its way to the server. */
export interface Statement {
  readonly sql: string;
  readonly kind: StatementKind;
  /** May it change rows? */
  readonly writes: boolean;
  /** `application_name` of its session. */
  readonly application: string;
  /** What its transaction did before it. */
  readonly transaction: readonly StatementKind[];
}

/** By kind (one or several), by text, or by a look at the whole statement. */
export type Match = StatementKind | readonly StatementKind[] | RegExp | ((statement: Statement) => boolean);

export type StatementCounts = Record<StatementKind, number>;

export function noStatements(): StatementCounts {
  return Object.fromEntries(KINDS.map((kind) => [kind, 0])) as StatementCounts;
}

export function matches(match: Match, statement: Statement): boolean {
  if (typeof match === 'function') return match(statement);
  if (match instanceof RegExp) return match.test(statement.sql);
  return typeof match === 'string' ? match === statement.kind : match.includes(statement.kind);
}

interface Meaning {
  readonly kind: StatementKind;
  readonly writes: boolean;
}

// Programs say the same few hundred texts again and again.
const known = new Map<string, Meaning>();
const KNOWN_LIMIT = 2_000;

export function meaningOf(sql: string): Meaning {
  const remembered = known.get(sql);
  if (remembered !== undefined) return remembered;
  const plain = plainText(sql);
  const meaning = { kind: kindOf(plain), writes: WRITES.test(plain) };
  if (known.size >= KNOWN_LIMIT) known.clear();
  known.set(sql, meaning);
  return meaning;
}

// However DBOS, knex and we write it: one case, one space, no quotes around names, no comments.
function plainText(sql: string): string {
  return sql
    .replaceAll(/--[^\n]*/g, ' ')
    .replaceAll('"', '')
    .replaceAll(/\s+/g, ' ')
    .trim()
    .toLowerCase();
}

const WRITES = /\b(?:insert into|delete from|merge into|update (?:only )?[\w.]+(?: as)?(?: \w+)? set)\b/;

/** In order: the first that fits says what the statement is for. */
const SIGNS: readonly (readonly [StatementKind, ...RegExp[]])[] = [
  ['begin', /^(?:begin|start transaction)\b/],
  ['commit', /^(?:commit|end)\b/],
  ['rollback', /^(?:rollback|abort)\b/],
  ['claim', /\bupdate dbos\.workflow_status\b/, /\brecovery_attempts \+ 1\b/],
  ['sweep', /\bdbos\.workflow_status\b/, /\bbreakwater\.executor\b/, /\bfor update\b/],
  ['sweep', /\bupdate dbos\.workflow_status set status = 'enqueued'/],
  ['lease-renewal', /\bupdate breakwater\.executor\b/],
  ['record', /\binsert into dbos\.operation_outputs\b/],
  ['completion', /\binsert into dbos\.transaction_completion\b/],
  ['run-insert', /\binsert into (?:breakwater\.run|dbos\.workflow_status) /],
  ['message-insert', /\binsert into dbos\.notifications\b/],
  ['outcome-update', /\binsert into dbos\.workflow_output\b/],
  ['outcome-update', /\bupdate dbos\.workflow_status(?: \w+)? set .*\bcompleted_at ?=/],
  ['outcome-update', /\bupdate breakwater\.run set .*\bfinished_at\b/],
  ['audit', /^select .*\bowner_xid\b.* from dbos\.workflow_status\b.*\bexecutor_id =/],
  ['write', WRITES],
  ['look-up', /\b(?:from|join) dbos\.(?:operation_outputs|transaction_completion)\b/],
  ['read', /^(?:select|with|values|show|table)\b/],
];

function kindOf(plain: string): StatementKind {
  const sign = SIGNS.find(([, ...patterns]) => patterns.every((pattern) => pattern.test(plain)));
  return sign?.[0] ?? 'other';
}
