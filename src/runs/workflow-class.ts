// `@workflow`: makes a class with a method `run` a coded workflow, with the types of its input and output held by zod schemas.
import { z } from 'zod';
import type { ZodType } from 'zod';
import { FailureError, failure } from '../kernel/index.ts';
import type { Problem } from '../kernel/index.ts';
import type { CodedWorkflow } from './coded-workflow.ts';
import type { Saga } from './saga.ts';
import type { Message } from './workflow-message.ts';

export interface WorkflowOptions<Input, Output> {
  /** What runs are started by: stored, so never renamed. */
  readonly name: string;
  /** Semver. A run stays with the version it began with: change it whenever what `run` calls changes. */
  readonly version: string;
  /** For people; default: the name. */
  readonly title?: string;
  /** A start with an input that does not fit is refused with 422. `run` gets what the schema makes of it. */
  readonly input: ZodType<Input>;
  /** What `run` answers. An answer that does not fit fails the run, which is then undone. Default: anything that is JSON. */
  readonly output?: ZodType<Output>;
  /** The messages that it waits for. */
  readonly messages?: readonly Message[];
}

/** An object of its own for each execution of a run: what it keeps in fields is gone after a crash, and made anew by the replay. */
export type WorkflowClass<Input, Output> = new () => { run(saga: Saga, input: Input): Promise<Output> };

/** The same symbol in every copy of this module: the class may come from another one than its reader. */
const WORKFLOW = Symbol.for('breakwater.workflow');

/**
 * `@workflow({ name, version, input })` above a class. It is a plain function of the class, so it does without decorators too:
 * `export const Payment = workflow({ … })(class { … })`.
 */
export function workflow<Input, Output = unknown>(options: WorkflowOptions<Input, Output>) {
  return <Class extends WorkflowClass<Input, Output>>(workflowClass: Class): Class => {
    Object.defineProperty(workflowClass, WORKFLOW, { value: codedWorkflow(options, workflowClass) });
    return workflowClass;
  };
}

/** The workflow that a class was made, or undefined. */
export function workflowOfClass(value: unknown): CodedWorkflow | undefined {
  if (typeof value !== 'function' || !Object.hasOwn(value, WORKFLOW)) return undefined;
  const made: unknown = Reflect.get(value, WORKFLOW);
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- nobody but `workflow` sets it
  return made as CodedWorkflow;
}

function codedWorkflow<Input, Output>(
  { name, version, title = name, input: inputSchema, output: outputSchema, messages }: WorkflowOptions<Input, Output>,
  WorkflowOfAuthor: WorkflowClass<Input, Output>,
): CodedWorkflow {
  return {
    name,
    version,
    title,
    ...(messages && { messages }),
    checkInput: (input) => problemsOf(inputSchema.safeParse(input).error),
    async run(saga, input) {
      const output = await new WorkflowOfAuthor().run(saga, inputSchema.parse(input));
      return outputSchema ? fitting(outputSchema, output) : output;
    },
  };
}

function fitting<Output>(schema: ZodType<Output>, output: unknown): Output {
  const parsed = schema.safeParse(output);
  if (parsed.success) return parsed.data;
  throw new FailureError(failure('OUTPUT', `the output does not fit its schema: ${z.prettifyError(parsed.error)}`));
}

/** What is wrong, each at its JSON pointer (RFC 6901). */
export function problemsOf(error: z.ZodError | undefined): Problem[] {
  return (error?.issues ?? []).map(({ path, message }) => ({ path: path.map(pointerPart).join(''), message }));
}

function pointerPart(part: PropertyKey): string {
  return `/${String(part).replaceAll('~', '~0').replaceAll('/', '~1')}`;
}
