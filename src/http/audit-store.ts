// The table breakwater.audit, as operators read it: newest first, behind the wall of its tenant.
import type { Knex } from 'knex';
import { z } from 'zod';
import { isJsonObject } from '../kernel/index.ts';
import type { JsonObject } from '../kernel/index.ts';

const auditRow = z.object({
  id: z.string(),
  at: z.date(),
  actor: z.string(),
  action: z.string(),
  subject: z.string(),
  data: z.custom<JsonObject>(isJsonObject),
});
export type AuditRow = z.infer<typeof auditRow>;

export interface AuditFilter {
  readonly subject?: string;
  readonly actor?: string;
  /** An action such as run.cancel, or all that begin so: `run.` */
  readonly action?: string;
  readonly since?: Date;
  readonly until?: Date;
}

export async function listAudit(
  knex: Knex,
  tenant: string,
  { subject, actor, action, since, until, limit, before }: AuditFilter & { readonly limit: number; before?: string },
): Promise<AuditRow[]> {
  const query = knex
    .withSchema('breakwater')
    .table('audit')
    .select('id', 'at', 'actor', 'action', 'subject', 'data')
    .where({ tenant, ...(subject !== undefined && { subject }), ...(actor !== undefined && { actor }) })
    .orderBy('id', 'desc')
    .limit(limit);
  if (action !== undefined)
    void query.whereRaw(action.endsWith('.') ? 'starts_with(action, ?)' : 'action = ?', [action]);
  if (since !== undefined) void query.where('at', '>=', since);
  if (until !== undefined) void query.where('at', '<', until);
  if (before !== undefined) void query.where('id', '<', before);
  return z.array(auditRow).parse(await query);
}
