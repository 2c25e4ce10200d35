// What would be taken back, in order, and what would stay: read from the run's effects when the question is asked.
import type { JSX } from 'preact';
import { get, withQuery } from '../api/client.ts';
import { effect, type Effect, type RunGraph } from '../api/run-shapes.ts';
import { pageOf, type Run } from '../api/shapes.ts';
import { previewUndo, withDescendants } from '../model/undo-preview.ts';
import { WhenLoaded } from '../parts/notice.tsx';
import { useLoaded } from '../parts/use-loaded.ts';

interface UndoPreviewProps {
  readonly run: Run;
  readonly graph?: RunGraph;
  /** Only this node and what was built on it. */
  readonly from?: string;
}

/** Beyond these nobody reads them one by one. */
const MOST_EFFECTS = 1_000;
const effectPage = pageOf(effect);

export function UndoPreviewView({ run, graph, from }: UndoPreviewProps): JSX.Element {
  const loaded = useLoaded(run.id, async (signal) => await loadEffects(run.id, signal));
  return (
    <WhenLoaded loaded={loaded}>
      {(effects) => graph && <Preview graph={graph} effects={effects} from={from} />}
    </WhenLoaded>
  );
}

async function loadEffects(id: string, signal: AbortSignal): Promise<readonly Effect[]> {
  const all: Effect[] = [];
  let cursor: string | undefined;
  do {
    const path = withQuery(`/v1/runs/${encodeURIComponent(id)}/effects`, { limit: 200, cursor });
    const { items, nextCursor } = await get(path, effectPage, signal);
    all.push(...items);
    cursor = nextCursor;
  } while (cursor !== undefined && all.length < MOST_EFFECTS);
  return all;
}

interface PreviewProps {
  readonly graph: RunGraph;
  readonly effects: readonly Effect[];
  readonly from?: string;
}

function Preview({ graph, effects, from }: PreviewProps): JSX.Element {
  const among = from === undefined || graph.isCoded ? undefined : withDescendants(graph.nodes, from);
  const { undone, stays } = previewUndo(graph, effects, among);
  return (
    <div class="preview">
      {undone.length === 0 ? (
        <p>Nothing is to be taken back.</p>
      ) : (
        <>
          <h3>Would be taken back, in this order</h3>
          <ol>
            {undone.map((group) => (
              <li>
                <GroupWords effects={group} />
              </li>
            ))}
          </ol>
        </>
      )}
      {stays.length > 0 && (
        <>
          <h3>Stays</h3>
          <ul>
            {stays.map((each) => (
              <li>
                <EffectWords effect={each} />
              </li>
            ))}
          </ul>
        </>
      )}
      {among && <p class="soft">Then done anew: {[...among].join(', ')}</p>}
      {effects.length >= MOST_EFFECTS && <p class="soft">And more: only the first thousand are listed.</p>}
    </div>
  );
}

/** More elements of one list are told by their number. */
const FEW = 5;

function GroupWords({ effects }: { readonly effects: readonly Effect[] }): JSX.Element {
  return (
    <>
      {[...Map.groupBy(effects, ({ node }) => node)].map(([node, own]) =>
        own.length > FEW ? (
          <p>
            <strong>{node}</strong> × {own.length.toLocaleString('en')}{' '}
            <span class="soft">{howOf(own[0]?.takenBackBy)}</span>
          </p>
        ) : (
          own.map((each) => <EffectWords effect={each} />)
        ),
      )}
    </>
  );
}

function EffectWords({
  effect: { node, item, externalId, state, takenBackBy },
}: {
  readonly effect: Effect;
}): JSX.Element {
  return (
    <p>
      <strong>{item === undefined ? node : `${node}[${item}]`}</strong>{' '}
      {externalId !== undefined && <code>{externalId}</code>}{' '}
      <span class="soft">
        {howOf(takenBackBy)}
        {state === 'unknown' && ', looked for first'}
      </span>
    </p>
  );
}

function howOf(takenBackBy: string | undefined): string {
  if (takenBackBy === undefined) return 'nothing takes it back';
  return takenBackBy === 'irreversible' ? 'irreversible' : `by ${takenBackBy}`;
}
