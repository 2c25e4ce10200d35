// How many runs the filters find, and one verb for all of them.
import { useSignal } from '@preact/signals';
import type { JSX } from 'preact';
import { runCount } from '../api/bulk-shapes.ts';
import { get, withQuery } from '../api/client.ts';
import { useRepeatedly } from '../live.ts';
import { may } from '../me.ts';
import { apiQuery, matchOf, type RunFilter, type RunMatch } from '../model/run-filter.ts';
import { VERB_WORDS } from '../model/verbs.ts';
import { useNews } from '../news.ts';
import { useLoaded } from '../parts/use-loaded.ts';
import { BulkDialog, BULK_VERBS, type BulkVerb } from './bulk-dialog.tsx';

const LOOK_EVERY_MS = 30_000;

interface Asked {
  readonly verb: BulkVerb;
  /** As it was when it was asked: what the preview counts is what is acted on. */
  readonly match: RunMatch;
}

export function BulkBar({ filter }: { readonly filter: RunFilter }): JSX.Element {
  const asked = useSignal<Asked | undefined>(undefined);
  const path = withQuery('/v1/runs/count', apiQuery(filter, Date.now()));
  const counted = useLoaded(path, async (signal) => await get(path, runCount, signal));
  useNews(counted.reload, ['run.']);
  useRepeatedly(counted.reload, LOOK_EVERY_MS);
  const { count, more } = counted.data ?? { count: 0, more: false };
  return (
    <div class="bulk-bar">
      <p role="status" class="soft">
        {counted.data && `${more ? 'More than ' : ''}${count.toLocaleString('en')} ${count === 1 ? 'run' : 'runs'}`}
      </p>
      {may('operator') && count > 0 && (
        <select
          aria-label="Act on all of these runs"
          value=""
          onChange={({ currentTarget }) => {
            const verb = BULK_VERBS.find((each) => each === currentTarget.value);
            if (verb !== undefined) asked.value = { verb, match: matchOf(filter, Date.now()) };
            currentTarget.value = '';
          }}
        >
          <option value="">Act on all of these …</option>
          {BULK_VERBS.map((verb) => (
            <option value={verb}>{VERB_WORDS[verb].name} all</option>
          ))}
        </select>
      )}
      {asked.value && (
        <BulkDialog
          {...asked.value}
          onClose={() => {
            asked.value = undefined;
            counted.reload();
          }}
        />
      )}
    </div>
  );
}
