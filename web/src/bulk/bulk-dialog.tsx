// One verb for all runs that a filter finds: what it would do, their number typed to confirm it, and how far it is.
import { useSignal } from '@preact/signals';
import type { JSX, TargetedSubmitEvent } from 'preact';
import { useMemo } from 'preact/hooks';
import { bulkPreview, bulkProgress, type BulkPreview, type BulkProgress } from '../api/bulk-shapes.ts';
import { get, post } from '../api/client.ts';
import type { RunMatch } from '../model/run-filter.ts';
import { VERB_WORDS } from '../model/verbs.ts';
import { Dialog } from '../parts/dialog.tsx';
import { Failure, WhenLoaded } from '../parts/notice.tsx';
import { RunLink } from '../parts/run-link.tsx';
import { useLoaded } from '../parts/use-loaded.ts';

export const BULK_VERBS = ['pause', 'resume', 'release', 'compensate', 'cancel'] as const;
export type BulkVerb = (typeof BULK_VERBS)[number];

interface BulkDialogProps {
  readonly verb: BulkVerb;
  readonly match: RunMatch;
  readonly onClose: () => void;
}

export function BulkDialog({ verb, match, onClose }: BulkDialogProps): JSX.Element {
  const progress = useSignal<BulkProgress | undefined>(undefined);
  const asked = { action: verb, filter: match };
  const loaded = useLoaded(
    JSON.stringify(asked),
    async (signal) => await post('/v1/runs/bulk', { ...asked, dryRun: true }, bulkPreview, { signal }),
  );
  return (
    <Dialog title={`${VERB_WORDS[verb].name} all of these runs`} onClose={onClose}>
      {progress.value ? (
        <Progress progress={progress.value} onClose={onClose} />
      ) : (
        <>
          <p class="soft">{VERB_WORDS[verb].says}</p>
          <WhenLoaded loaded={loaded}>
            {(preview) => (
              <Confirm
                key={preview.count}
                verb={verb}
                match={match}
                preview={preview}
                onBegun={(begun) => (progress.value = begun)}
                onClose={onClose}
                onOther={loaded.reload}
              />
            )}
          </WhenLoaded>
        </>
      )}
    </Dialog>
  );
}

interface ConfirmProps extends BulkDialogProps {
  readonly preview: BulkPreview;
  readonly onBegun: (progress: BulkProgress) => void;
  /** The filter finds other runs by now. */
  readonly onOther: () => void;
}

function Confirm({ verb, match, preview, onBegun, onClose, onOther }: ConfirmProps): JSX.Element {
  const problem = useSignal<unknown>(undefined);
  const typed = useSignal('');
  // The same click twice is one request.
  const idempotencyKey = useMemo(() => crypto.randomUUID(), []);
  const { count } = preview;
  const onSubmit = (event: TargetedSubmitEvent<HTMLFormElement>): void => {
    event.preventDefault();
    const reason = new FormData(event.currentTarget).get('reason');
    const body = {
      action: verb,
      filter: match,
      expectedCount: count,
      ...(typeof reason === 'string' && reason !== '' && { reason }),
    };
    post('/v1/runs/bulk', body, bulkProgress, { idempotencyKey })
      .then(async (begun) => await follow(begun, onBegun))
      .catch((error: unknown) => {
        problem.value = error;
        onOther();
      });
  };
  return (
    <form class="dialog-form" onSubmit={onSubmit}>
      <PreviewWords verb={verb} preview={preview} />
      <label class="field">
        <span>Reason</span>
        <input name="reason" maxLength={2000} autocomplete="off" placeholder="Kept with each run" />
      </label>
      <label class="field">
        <span>Type {count} to confirm</span>
        <input
          inputMode="numeric"
          autocomplete="off"
          value={typed.value}
          onInput={({ currentTarget }) => (typed.value = currentTarget.value)}
        />
      </label>
      {problem.value !== undefined && <Failure error={problem.value} />}
      <div class="dialog-actions">
        <button type="button" class="button" onClick={onClose}>
          Leave them
        </button>
        <button class="button danger" disabled={typed.value.trim() !== String(count) || count === 0}>
          {VERB_WORDS[verb].name} {count.toLocaleString('en')} {count === 1 ? 'run' : 'runs'}
        </button>
      </div>
    </form>
  );
}

function PreviewWords({ verb, preview }: { readonly verb: BulkVerb; readonly preview: BulkPreview }): JSX.Element {
  const { count, accepted, unchanged, refused } = preview;
  return (
    <div class="preview">
      <p>
        <strong>{count.toLocaleString('en')}</strong> runs fit: {VERB_WORDS[verb].name.toLowerCase()} is possible for{' '}
        {accepted.toLocaleString('en')}
        {unchanged > 0 && `, ${unchanged.toLocaleString('en')} are so already`}.
      </p>
      {refused.length > 0 && (
        <>
          <h3>Refused</h3>
          <ul>
            {refused.map(({ reason, count: many }) => (
              <li>
                {many.toLocaleString('en')}: {reason}
              </li>
            ))}
          </ul>
        </>
      )}
    </div>
  );
}

/** Each answer is held until it is over, or for a second: then it tells how far it is. */
async function follow(begun: BulkProgress, tell: (progress: BulkProgress) => void): Promise<void> {
  let progress = begun;
  tell(progress);
  while (progress.finishedAt === undefined) {
    progress = await get(`/v1/runs/bulk/${begun.id}?wait=1s`, bulkProgress);
    tell(progress);
  }
}

function Progress({
  progress,
  onClose,
}: {
  readonly progress: BulkProgress;
  readonly onClose: () => void;
}): JSX.Element {
  const { count, done, unchanged, refused, left, refusals, finishedAt } = progress;
  return (
    <div class="dialog-form">
      <progress max={count} value={count - left} aria-label="Runs" />
      <p role="status">
        {finishedAt === undefined ? `${left.toLocaleString('en')} left. ` : 'Done: '}
        {done.toLocaleString('en')} carried out, {unchanged.toLocaleString('en')} were so already,{' '}
        {refused.toLocaleString('en')} refused.
      </p>
      {refusals.length > 0 && (
        <ul class="preview">
          {refusals.map(({ runId, reason }) => (
            <li>
              <RunLink id={runId} /> {reason}
            </li>
          ))}
        </ul>
      )}
      <div class="dialog-actions">
        <button class="button primary" onClick={onClose}>
          {finishedAt === undefined ? 'Let it go on' : 'Close'}
        </button>
      </div>
    </div>
  );
}
