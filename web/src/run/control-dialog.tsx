// One verb, before it is asked for: what it would take back and what stays, what it needs to know, and why it was refused.
import { useSignal } from '@preact/signals';
import type { JSX, TargetedSubmitEvent } from 'preact';
import { post } from '../api/client.ts';
import type { RunGraph } from '../api/run-shapes.ts';
import { run as runShape, type Run } from '../api/shapes.ts';
import { bodyOf, DECISIONS, type Decision } from '../model/verb-body.ts';
import { VERB_WORDS, type Verb } from '../model/verbs.ts';
import { Dialog } from '../parts/dialog.tsx';
import { Failure } from '../parts/notice.tsx';
import { navigate } from '../router.ts';
import { UndoPreviewView } from './undo-preview.tsx';

interface ControlDialogProps {
  readonly verb: Verb;
  readonly run: Run;
  readonly graph?: RunGraph;
  /** The node that the page shows. */
  readonly selected?: string;
  readonly onClose: () => void;
  readonly onDone: () => void;
}

export function ControlDialog(props: ControlDialogProps): JSX.Element {
  const { verb, run, onClose, onDone } = props;
  const { name, confirm, says, isDangerous } = VERB_WORDS[verb];
  const problem = useSignal<unknown>(undefined);
  const isSending = useSignal(false);
  const onSubmit = (event: TargetedSubmitEvent<HTMLFormElement>): void => {
    event.preventDefault();
    const body = bodyOf(verb, new FormData(event.currentTarget));
    if (body instanceof Error) return void (problem.value = body);
    isSending.value = true;
    post(`/v1/runs/${encodeURIComponent(run.id)}/${verb}`, body, runShape)
      .then((answered) => {
        if (verb === 'fork') navigate(`/runs/${answered.id}`);
        onDone();
        onClose();
        return answered;
      })
      .catch((error: unknown) => (problem.value = error))
      .finally(() => (isSending.value = false));
  };
  return (
    <Dialog title={`${name}: ${run.workflow}`} onClose={onClose}>
      <form onSubmit={onSubmit} class="dialog-form">
        <p class="soft">{says}</p>
        <Questions {...props} />
        <label class="field">
          <span>Reason</span>
          <input name="reason" maxLength={2000} autocomplete="off" placeholder="Kept with the run" />
        </label>
        {problem.value !== undefined && <Failure error={problem.value} />}
        <div class="dialog-actions">
          <button type="button" class="button" onClick={onClose}>
            Leave it
          </button>
          <button class={`button ${isDangerous ? 'danger' : 'primary'}`} disabled={isSending.value}>
            {confirm}
          </button>
        </div>
      </form>
    </Dialog>
  );
}

/** What the verb needs to know, over what it would do then. */
function Questions(props: ControlDialogProps): JSX.Element | null {
  switch (props.verb) {
    case 'cancel':
      return <CancelQuestion {...props} />;
    case 'compensate':
      return <UndoPreviewView {...props} />;
    case 'rewind':
    case 'fork':
      return <FromQuestion {...props} />;
    case 'decide':
      return <DecideQuestion {...props} />;
    case 'pause':
    case 'resume':
    case 'release':
      return null;
  }
}

function CancelQuestion(props: ControlDialogProps): JSX.Element {
  const isUndoing = useSignal(true);
  return (
    <>
      <label class="check">
        <input
          type="checkbox"
          name="compensate"
          checked={isUndoing.value}
          onChange={({ currentTarget }) => (isUndoing.value = currentTarget.checked)}
        />
        Take back what it did
      </label>
      {isUndoing.value && <UndoPreviewView {...props} />}
    </>
  );
}

function FromQuestion(props: ControlDialogProps): JSX.Element {
  const { verb, graph, selected, run } = props;
  const nodes = graph?.nodes ?? [];
  const from = useSignal(selected ?? run.error?.node ?? nodes[0]?.id ?? '');
  return (
    <>
      <label class="field">
        <span>From which node on</span>
        {nodes.length > 0 ? (
          <select name="node" value={from.value} onChange={({ currentTarget }) => (from.value = currentTarget.value)}>
            {nodes.map(({ id }) => (
              <option value={id}>{id}</option>
            ))}
          </select>
        ) : (
          <input
            name="node"
            required
            value={from.value}
            onInput={({ currentTarget }) => (from.value = currentTarget.value)}
          />
        )}
      </label>
      {verb === 'rewind' && <UndoPreviewView {...props} from={from.value} />}
      {verb === 'fork' && (
        <label class="field">
          <span>Other input, as JSON</span>
          <textarea name="input" rows={4} spellcheck={false} placeholder="Empty: the same" />
        </label>
      )}
    </>
  );
}

function DecideQuestion({ run, selected }: ControlDialogProps): JSX.Element {
  const decision = useSignal<Decision>('retry');
  const failed = run.compensation?.failures.map(({ node }) => node) ?? [];
  const asked = failed.length > 0 ? failed : [run.error?.node ?? selected ?? ''];
  return (
    <>
      <label class="field">
        <span>What failed</span>
        <select name="node">
          {asked.map((node) => (
            <option value={node}>{node}</option>
          ))}
        </select>
      </label>
      <fieldset class="choices">
        <legend>What becomes of it</legend>
        {DECISIONS.map(({ value, words }) => (
          <label class="check">
            <input
              type="radio"
              name="decision"
              value={value}
              checked={decision.value === value}
              onChange={() => (decision.value = value)}
            />
            {words}
          </label>
        ))}
      </fieldset>
      {(decision.value === 'skip' || decision.value === 'done_by_hand') && (
        <label class="field">
          <span>What it came to, as JSON</span>
          <textarea name="value" rows={3} spellcheck={false} placeholder="Empty: null" />
        </label>
      )}
      {decision.value === 'retry' && (
        <label class="field">
          <span>Changes to its arguments, as JSON</span>
          <textarea name="with" rows={3} spellcheck={false} placeholder="Empty: the same arguments" />
        </label>
      )}
    </>
  );
}
