// Which runs are meant: by the parameters of a list, or by an object in a body that says the same.
import { z } from 'zod';
import type { RunFilter, RunMatch } from '../runs/index.ts';
import { labels, runStatus } from './run-shape.ts';
import { instant, pageQuery } from './shapes.ts';

/** `status=held,stuck`, or the parameter twice. */
const statuses = z
  .union([z.string(), z.array(z.string())])
  .transform((given) => [given].flat().flatMap((each) => each.split(',')))
  .pipe(z.array(runStatus).min(1))
  .describe('One of these statuses, separated by commas.');

const fields = {
  workflow: z.string().max(200).optional(),
  status: statuses.optional(),
  errorCode: z.string().max(100).optional().describe('Of its error, such as SENDGRID_401.'),
  node: z.string().max(200).optional().describe('Where it failed: a node, or a module.'),
  since: instant.optional(),
  until: instant.optional(),
  q: z
    .string()
    .max(200)
    .optional()
    .describe("Part of an id, a workflow's name, an error's code or text, or a label's value."),
};

const LABEL = /^label\.(.{1,100})$/;
const label = z.string().max(200);
const listFields = pageQuery.extend(fields);

export const listQuery = listFields.catchall(label).superRefine(refuseOthers(listFields.shape));
export const countQuery = z.object(fields).catchall(label).superRefine(refuseOthers(fields));

function refuseOthers(shape: object) {
  return (query: object, context: z.RefinementCtx): void => {
    for (const name of Object.keys(query).filter((key) => !(key in shape) && !LABEL.test(key))) {
      context.addIssue({
        code: 'custom',
        path: [name],
        message: 'is not a parameter; a label is asked for as label.<name>',
      });
    }
  };
}

/** The same in a body. */
export const runMatch = z.strictObject({
  ...fields,
  status: z.array(runStatus).min(1).optional(),
  labels: labels.optional(),
});

export function filterOf({ limit, cursor, ...query }: z.output<typeof listQuery>): RunFilter {
  return { ...matchOf(query), limit, cursor };
}

export function matchOf(query: z.output<typeof countQuery>): RunMatch {
  const { workflow, status, errorCode, node, since, until, q, ...rest } = query;
  const asked = Object.entries(rest).map(([key, value]) => [key.slice('label.'.length), value] as const);
  const labelled = asked.length > 0 ? Object.fromEntries(asked) : undefined;
  return { workflow, status, errorCode, node, since, until, q, labels: labelled };
}
