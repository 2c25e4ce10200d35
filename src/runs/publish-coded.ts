// Coded workflows stand in the same table as YAML, so that a run of one is started, listed and pinned like any other.
import type { Knex } from 'knex';
import { codedHash } from './coded-workflow.ts';
import type { CodedWorkflow } from './coded-workflow.ts';
import { insertDefinition } from './definition-store.ts';

export async function publishCoded(knex: Knex, tenant: string, workflows: readonly CodedWorkflow[]): Promise<void> {
  for (const workflow of workflows) {
    const { name, version, title } = workflow;
    await insertDefinition(knex, {
      tenant,
      name,
      version,
      title,
      hash: codedHash(workflow),
      kind: 'coded',
      source: null,
      media_type: null,
      plan: null,
      created_by: 'system',
    });
  }
}
