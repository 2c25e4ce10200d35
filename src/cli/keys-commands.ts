// `breakwater keys …`: makes, lists and revokes API keys, in the database itself.
import type { Command } from 'commander';
import { isSlackUser } from '../approvals/index.ts';
import { didYouMean, parseDuration } from '../kernel/index.ts';
import { printJson, withJson, type Context } from './command-context.ts';
import { withTables } from './database.ts';
import { WrongUse } from './failure.ts';
import type { KeyRow } from './io.ts';
import { table } from './table.ts';

interface CreateOptions {
  readonly user: string;
  readonly role: readonly string[];
  readonly tenant: string;
  readonly expires?: string;
  readonly json?: boolean;
}

const ROLE = /^[a-z][a-z0-9_-]{0,62}$/;
const TENANT = /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/;
const USER = /^[^\p{C}\s][^\p{C}]{0,199}$/u;

/** As the audit calls whoever may use the database itself. */
const BY = 'cli';

export function addKeys(program: Command, context: Context): void {
  const keys = program.command('keys').description('make, list and revoke API keys');
  addCreate(keys, context);
  addList(keys, context);
  addRevoke(keys, context);
}

function addCreate(keys: Command, { io, config }: Context): void {
  withJson(keys.command('create'))
    .description('make a key; its text is shown this once')
    .requiredOption('--user <name>', 'who uses it, such as reviewer-1')
    .requiredOption('--role <roles...>', 'viewer, author, starter, approver, operator, admin, or roles of your own')
    .option('--tenant <name>', 'whose data it sees', 'default')
    .option('--expires <duration>', 'how long it lives, such as 90d; default: until revoked')
    .action(async ({ user, role, tenant, expires, json }: CreateOptions) => {
      const key = { user: userOf(user), tenant: nameOf('tenant', tenant, TENANT), roles: rolesOf(role) };
      const lifetimeMs = expires === undefined ? undefined : lifetimeOf(expires);
      const made = await withTables(config(), (knex) => io.keys.create(knex, { ...key, lifetimeMs }, BY));
      if (json) return printJson(io, { ...made, ...key });
      io.stderr(notesOn(key.roles, io.keys.roles));
      io.stderr(`Key ${made.id} of user:${user} (${key.roles.join(', ')}), shown this once:\n`);
      io.stdout(`${made.key}\n`);
    });
}

function addList(keys: Command, { io, config }: Context): void {
  withJson(keys.command('list'))
    .description('list keys; their texts are not kept')
    .action(async ({ json }: { json?: boolean }) => {
      const rows = await withTables(config(), (knex) => io.keys.list(knex));
      if (json) return printJson(io, { items: rows });
      io.stdout(table(['KEY', 'TENANT', 'USER', 'ROLES', 'STATE', 'LAST USED'], rows.map(cellsOf), io.screen));
    });
}

function addRevoke(keys: Command, { io, config }: Context): void {
  keys
    .command('revoke')
    .argument('<id>', 'as "keys list" shows it')
    .description('make a key useless at once')
    .action(async (id: string) => {
      await withTables(config(), (knex) => io.keys.revoke(knex, id, BY));
      io.stdout(`${id} is revoked\n`);
    });
}

function rolesOf(given: readonly string[]): string[] {
  const roles = given.flatMap((text) => text.split(',')).map((role) => role.trim());
  const wrong = roles.find((role) => !ROLE.test(role));
  if (wrong !== undefined)
    throw new WrongUse(`"${wrong}" is no role: roles are lower-case words such as approver or marketing-lead`);
  return [...new Set(roles)];
}

/** A role that is none of ours may be meant so, or mistyped: whoever reads this knows. */
function notesOn(roles: readonly string[], ours: readonly string[]): string {
  return roles
    .filter((role) => !ours.includes(role))
    .map(
      (role) => `Note: "${role}" is a role of your own, for approvals that ask role:${role}${didYouMean(role, ours)}\n`,
    )
    .join('');
}

function userOf(given: string): string {
  const user = nameOf('user', given, USER);
  if (!isSlackUser(user)) return user;
  throw new WrongUse(`"${user}" cannot have a key: names that begin with "slack:" are those of members at Slack`);
}

function nameOf(what: string, given: string, shape: RegExp): string {
  if (shape.test(given)) return given;
  throw new WrongUse(
    `"${given}" is no ${what}: a name has no control characters, and a tenant's only letters, digits, ".", "_" and "-"`,
  );
}

function lifetimeOf(duration: string): number {
  const ms = parseDuration(duration);
  if (ms === undefined || ms === 0) throw new WrongUse(`"${duration}" is no duration; write it like 12h or 90d`);
  return ms;
}

function cellsOf(key: KeyRow): string[] {
  const expiry = key.expiresAt === null ? 'live' : `until ${key.expiresAt}`;
  return [
    key.id,
    key.tenant,
    key.user,
    key.roles.join(','),
    key.revokedAt === null ? expiry : 'revoked',
    key.lastUsedAt ?? 'never',
  ];
}
