// Starting a run: a form made of the input's schema, or the input as raw JSON, with what the API refuses at its fields.
import { useSignal } from '@preact/signals';
import type { JSX, TargetedSubmitEvent } from 'preact';
import { useMemo } from 'preact/hooks';
import { post } from '../api/client.ts';
import { plan as planShape, startedRun, type DefinitionSource, type Plan } from '../api/people-shapes.ts';
import { ApiProblem } from '../api/problem.ts';
import type { Json } from '../api/shapes.ts';
import { may } from '../me.ts';
import { fieldsOf, filledWith, readJson, valueOf, type FieldProblem, type Filled } from '../model/schema-form.ts';
import { Failure } from '../parts/notice.tsx';
import { SchemaForm } from '../parts/schema-form.tsx';
import { navigate } from '../router.ts';
import { PlanView } from './plan-view.tsx';

interface StartFormProps {
  readonly definition: DefinitionSource;
}

export function StartForm({ definition }: StartFormProps): JSX.Element {
  const { name, version, inputSchema } = definition;
  const fields = useMemo(() => fieldsOf(inputSchema), [inputSchema]);
  const isRaw = useSignal(fields.length === 0);
  const filled = useSignal<Filled>(filledWith(inputSchema));
  const raw = useSignal('{}');
  const problems = useSignal<readonly FieldProblem[]>([]);
  const failure = useSignal<unknown>(undefined);
  const planned = useSignal<Plan | undefined>(undefined);
  // One key a form: sent twice, it starts one run.
  const key = useMemo(() => crypto.randomUUID(), [definition]);

  const inputNow = (): Json | undefined => {
    const read = isRaw.value ? rawInput(raw.value) : valueOf(fields, filled.value);
    problems.value = read.problems;
    return read.problems.length > 0 ? undefined : read.value;
  };
  const refused = (error: unknown): void => {
    const found = error instanceof ApiProblem ? error.errors : [];
    problems.value = found;
    failure.value = found.length > 0 ? new Error('The input is refused; see below.') : error;
  };
  const send = async (what: 'start' | 'plan'): Promise<void> => {
    failure.value = undefined;
    const input = inputNow();
    if (what === 'plan') {
      // Without an input it is told what depends on it.
      const body = { input: input ?? {}, version };
      planned.value = await post(`/v1/definitions/${encodeURIComponent(name)}/plan`, body, planShape);
      return;
    }
    if (input === undefined) return;
    const sent = { idempotencyKey: `${key} ${JSON.stringify(input).length} ${hashOf(JSON.stringify(input))}` };
    const { id } = await post('/v1/runs', { workflow: name, version, input }, startedRun, sent);
    navigate(`/runs/${id}`);
  };
  const onSubmit = (event: TargetedSubmitEvent<HTMLFormElement>): void => {
    event.preventDefault();
    send('start').catch(refused);
  };
  const switchTo = (wantsRaw: boolean): void => {
    if (wantsRaw) raw.value = JSON.stringify(valueOf(fields, filled.value).value, null, 2);
    else {
      const read = rawInput(raw.value);
      if (read.problems.length > 0) return void (problems.value = read.problems);
      filled.value = filledWith(inputSchema, read.value);
    }
    problems.value = [];
    isRaw.value = wantsRaw;
  };
  return (
    <>
      <form class="card start-form" aria-label="Start a run" onSubmit={onSubmit} noValidate>
        {fields.length > 0 && (
          <div class="chips" role="group" aria-label="How to give the input">
            <button type="button" class="chip" aria-pressed={!isRaw.value} onClick={() => switchTo(false)}>
              Form
            </button>
            <button type="button" class="chip" aria-pressed={isRaw.value} onClick={() => switchTo(true)}>
              JSON
            </button>
          </div>
        )}
        {isRaw.value ? (
          <RawInput text={raw.value} problems={problems.value} onText={(text) => (raw.value = text)} />
        ) : (
          <SchemaForm
            fields={fields}
            filled={filled.value}
            problems={problems.value}
            onFill={(path, value) => (filled.value = { ...filled.value, [path]: value })}
          />
        )}
        {failure.value !== undefined && <Failure error={failure.value} />}
        <div class="dialog-actions">
          {may('author') && definition.kind === 'yaml' && (
            <button type="button" class="button" onClick={() => void send('plan').catch(refused)}>
              What would it do?
            </button>
          )}
          <button class="button primary">Start</button>
        </div>
      </form>
      {planned.value && <PlanView plan={planned.value} />}
    </>
  );
}

function rawInput(text: string): { value?: Json; problems: readonly FieldProblem[] } {
  const read = readJson(text);
  return typeof read === 'string'
    ? { problems: [{ path: '', message: `The input ${read}` }] }
    : { ...read, problems: [] };
}

interface RawInputProps {
  readonly text: string;
  readonly problems: readonly FieldProblem[];
  readonly onText: (text: string) => void;
}

function RawInput({ text, problems, onText }: RawInputProps): JSX.Element {
  return (
    <>
      <label class="field">
        <span>Input, as JSON</span>
        <textarea
          class="mono"
          rows={10}
          spellcheck={false}
          value={text}
          aria-invalid={problems.length > 0}
          onInput={({ currentTarget }) => onText(currentTarget.value)}
        />
      </label>
      {problems.map(({ path, message }) => (
        <span class="field-problem">{path === '' ? message : `${path}: ${message}`}</span>
      ))}
    </>
  );
}

// Another input is another request.
function hashOf(text: string): string {
  let hash = 0;
  for (let at = 0; at < text.length; at++) hash = (Math.imul(hash, 31) + text.charCodeAt(at)) | 0;
  return String(hash);
}
