// Which messages a run takes: the topics that its definition waits for, with bodies that fit what its code declares. Pure.
import type { Plan } from '../definitions/index.ts';
import { BreakwaterError, didYouMean } from '../kernel/index.ts';
import type { Json } from '../kernel/index.ts';
import type { CodedWorkflow } from './coded-workflow.ts';
import { problemsOf } from './workflow-class.ts';

/** Throws when the run takes no such message. Exactly one of `plan` and `workflow` is there. */
export function checkMessage(
  runId: string,
  { plan, workflow }: { plan: Plan | null; workflow: CodedWorkflow | undefined },
  { topic, message }: { topic: string; message: Json },
): void {
  const declared = workflow?.messages ?? [];
  const topics = plan?.messageTopics ?? declared.map((each) => each.topic);
  if (!topics.includes(topic)) {
    const known = topics.length > 0 ? `it waits for ${topics.join(', ')}` : 'it waits for none';
    throw new BreakwaterError(
      'NOT_FOUND',
      `Run ${runId} waits for no message "${topic}": ${known}${didYouMean(topic, topics)}`,
    );
  }
  const problems = problemsOf(declared.find((each) => each.topic === topic)?.body.safeParse(message).error);
  if (problems.length > 0) {
    throw new BreakwaterError('INVALID', `The message does not fit "${topic}" of "${workflow?.name}".`, { problems });
  }
}
