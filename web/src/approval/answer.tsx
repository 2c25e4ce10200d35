// Deciding a question: its content edited with what changes in sight, its form filled in, a reason, and the answer.
import { useSignal, type Signal } from '@preact/signals';
import type { JSX, TargetedSubmitEvent } from 'preact';
import { post } from '../api/client.ts';
import { approval as approvalShape, type Approval } from '../api/people-shapes.ts';
import { ApiProblem } from '../api/problem.ts';
import { ANSWERS, answerProblem, mayChange, type Answer } from '../model/approval.ts';
import { patchesOf, type Content, type Edited } from '../model/edits.ts';
import { fieldsOf, filledWith, valueOf, type FieldProblem, type Filled } from '../model/schema-form.ts';
import { Failure } from '../parts/notice.tsx';
import { SchemaForm } from '../parts/schema-form.tsx';
import { ContentEditor } from './content-editor.tsx';

interface AnswerFormProps {
  readonly asked: Approval;
  readonly contents: readonly Content[];
  readonly onDone: (answered: Approval) => void;
}

export function AnswerForm({ asked, contents, onDone }: AnswerFormProps): JSX.Element {
  const edited = useSignal<Edited>({});
  const filled = useSignal<Filled>(filledWith(asked.form));
  const problems = useSignal<readonly FieldProblem[]>([]);
  const reason = useSignal('');
  const failure = useSignal<unknown>(undefined);
  const isSending = useSignal(false);
  const fields = fieldsOf(asked.form);
  const send = (answer: Answer): void => {
    const body = bodyOf(answer, { contents, edited: edited.value, fields, filled: filled.value, reason: reason.value });
    problems.value = body instanceof Error ? [] : body.problems;
    failure.value = body instanceof Error ? body : undefined;
    if (body instanceof Error || body.problems.length > 0) return;
    isSending.value = true;
    post(`/v1/approvals/${asked.id}/decisions`, body.sent, approvalShape)
      .then(onDone)
      .catch((error: unknown) => {
        failure.value = error;
        if (error instanceof ApiProblem) problems.value = error.errors.filter(({ path }) => path.startsWith('/form'));
      })
      .finally(() => (isSending.value = false));
  };
  const onSubmit = (event: TargetedSubmitEvent<HTMLFormElement>): void => event.preventDefault();
  return (
    <form class="card answer" aria-label="Your answer" onSubmit={onSubmit} noValidate>
      {contents.length > 0 && <ContentEditor contents={contents} edited={edited} />}
      {fields.length > 0 && (
        <SchemaForm
          fields={fields}
          filled={filled.value}
          problems={problems.value}
          onFill={(path, value) => (filled.value = { ...filled.value, [path]: value })}
        />
      )}
      <Reason reason={reason} />
      {failure.value !== undefined && <Failure error={failure.value} />}
      <Answers asked={asked} isSending={isSending.value} send={send} />
    </form>
  );
}

function Reason({ reason }: { readonly reason: Signal<string> }): JSX.Element {
  return (
    <label class="field">
      <span>Reason</span>
      <textarea
        rows={2}
        maxLength={4_000}
        value={reason.value}
        placeholder="Kept with the decision"
        onInput={({ currentTarget }) => (reason.value = currentTarget.value)}
      />
    </label>
  );
}

interface AnswersProps {
  readonly asked: Approval;
  readonly isSending: boolean;
  readonly send: (answer: Answer) => void;
}

function Answers({ asked, isSending, send }: AnswersProps): JSX.Element {
  return (
    <div class="dialog-actions">
      <button type="button" class="button danger" disabled={isSending} onClick={() => send('reject')}>
        {ANSWERS.reject}
      </button>
      {mayChange(asked) && (
        <button type="button" class="button" disabled={isSending} onClick={() => send('request_changes')}>
          {ANSWERS.request_changes}
        </button>
      )}
      <button type="button" class="button primary" disabled={isSending} onClick={() => send('approve')}>
        {ANSWERS.approve}
      </button>
    </div>
  );
}

interface Given {
  readonly contents: readonly Content[];
  readonly edited: Edited;
  readonly fields: ReturnType<typeof fieldsOf>;
  readonly filled: Filled;
  readonly reason: string;
}

/** Edits and the form go with an approval alone. */
function bodyOf(answer: Answer, given: Given): Error | { sent: object; problems: readonly FieldProblem[] } {
  const lacking = answerProblem(answer, given.reason);
  if (lacking !== undefined) return new Error(lacking);
  const reason = given.reason.trim() === '' ? {} : { reason: given.reason.trim() };
  if (answer !== 'approve') return { sent: { decision: answer, ...reason }, problems: [] };
  const { edits, problems } = patchesOf(given.contents, given.edited);
  const [broken] = Object.values(problems);
  if (broken !== undefined) return new Error(`An edited field ${broken}`);
  const form = valueOf(given.fields, given.filled);
  const sent = {
    decision: answer,
    ...reason,
    ...(Object.keys(edits).length > 0 && { edits }),
    ...(given.fields.length > 0 && { form: form.value }),
  };
  return { sent, problems: form.problems };
}
