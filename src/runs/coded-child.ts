// A run that code begins: which workflow is meant, and what its output must be. Pure.
import { z } from 'zod';
import type { ZodType } from 'zod';
import type { ChildNode } from '../definitions/index.ts';
import { failure } from '../kernel/index.ts';
import type { Json } from '../kernel/index.ts';
import { CallFailedError } from './call-failed.ts';
import type { NamedChildOptions } from './saga.ts';
import { workflowOfClass } from './workflow-class.ts';
import type { WorkflowClass } from './workflow-class.ts';

/** By name, or by a class that `workflow` made one. */
export type Callee = string | WorkflowClass<never, unknown>;

/** A class stands for its own version; a name for the highest, unless one is said. */
export function calleeOf(
  callee: Callee,
  { version }: NamedChildOptions<unknown>,
): Pick<ChildNode, 'workflow' | 'version'> {
  if (typeof callee === 'string') return { workflow: callee, ...(version !== undefined && { version }) };
  const made = workflowOfClass(callee);
  if (!made)
    throw new TypeError(`the class ${callee.name || 'without a name'} is no workflow: make it one by workflow({ … })`);
  return { workflow: made.name, version: made.version };
}

/** What an optional run that failed answers is null, whatever its output must be. */
export function childOutput({ id, optional }: ChildNode, output: ZodType | undefined, value: Json): unknown {
  if (!output || (optional && value === null)) return value;
  const parsed = output.safeParse(value);
  if (parsed.success) return parsed.data;
  const error = failure('OUTPUT', `the output of "${id}" does not fit: ${z.prettifyError(parsed.error)}`);
  throw new CallFailedError(id, { cause: 'failure', at: id, failure: error });
}
