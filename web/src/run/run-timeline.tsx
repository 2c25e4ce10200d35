// Where the time of a run went: a line a node, with attempts, waits and undos in colours and shapes of their own, and the critical path.
import { useSignal } from '@preact/signals';
import type { CSSProperties, JSX } from 'preact';
import { useMemo, useRef } from 'preact/hooks';
import type { Timeline } from '../api/run-shapes.ts';
import type { FactLog } from '../model/fact-log.ts';
import { lineOf, merged, type Piece } from '../model/node-line.ts';
import { asOfRun, lookOfNode } from '../model/node-state.ts';
import { timeScale, type Span, type TimeScale } from '../model/time-scale.ts';
import { durationText } from '../model/time.ts';
import { nowMs } from '../parts/when.tsx';

interface RunTimelineProps {
  /** In the order of the document. */
  readonly nodes: readonly string[];
  readonly log: FactLog;
  /** Counts up with what the log knows. */
  readonly version: number;
  /** Absent where nobody knows what waited for what. */
  readonly timeline?: Timeline;
  readonly startedAtMs: number;
  /** Undefined while the run goes on. */
  readonly finishedAtMs?: number;
  readonly selected?: string;
  readonly onSelect: (node: string) => void;
}

interface Row {
  readonly id: string;
  readonly pieces: readonly Piece[];
  readonly isCritical: boolean;
  readonly slackMs?: number;
}

const ROW_PX = 28;
/** So many rows beyond those that are seen are drawn, so that scrolling shows no gaps. */
const SPARE_ROWS = 10;

export function RunTimeline(props: RunTimelineProps): JSX.Element {
  const { nodes, log, version, timeline, startedAtMs, finishedAtMs } = props;
  const isCriticalOnly = useSignal(false);
  const untilMs = finishedAtMs ?? nowMs.value;
  const rows = useMemo(
    () => rowsOf(props, { fromMs: startedAtMs, toMs: untilMs }),
    // The log is the same object, whatever it learns.
    [nodes, log, version, timeline, finishedAtMs, untilMs],
  );
  const shown = timeline && isCriticalOnly.value ? rows.filter(({ isCritical }) => isCritical) : rows;
  const scale = useMemo(() => scaleOf(rows, startedAtMs, untilMs), [rows, startedAtMs, untilMs]);
  return (
    <section aria-labelledby="timeline-title">
      <div class="section-head">
        <h2 id="timeline-title">Timeline</h2>
        {timeline && (
          <label class="check soft">
            <input
              type="checkbox"
              checked={isCriticalOnly.value}
              onChange={() => (isCriticalOnly.value = !isCriticalOnly.value)}
            />
            Critical path only
          </label>
        )}
      </div>
      {timeline && timeline.criticalPath.length > 0 && (
        <p class="soft">
          The critical path took {durationText(timeline.criticalMs)} of {durationText(timeline.wallMs)}.
        </p>
      )}
      {scale.gaps.length > 0 && (
        <p class="soft">
          Drawn short: {scale.gaps.map(({ fromMs, toMs }) => durationText(toMs - fromMs)).join(', ')} of waiting.
        </p>
      )}
      <Axis totalMs={untilMs - startedAtMs} />
      <Rows {...props} rows={shown} scale={scale} />
      <Legend hasPath={timeline !== undefined} />
    </section>
  );
}

/** Closer than this part of the whole nobody sees two. */
const INDISTINCT = 1 / 400;
const FEW_PIECES = 50;

function rowsOf({ nodes, log, timeline, finishedAtMs }: RunTimelineProps, { fromMs, toMs }: Span): Row[] {
  const times = new Map(timeline?.nodes.map((node) => [node.id, node]));
  return nodes.map((id) => {
    const pieces = lineOf(log.stateOf(id), finishedAtMs === undefined ? toMs : undefined);
    const { critical: isCritical = false, slackMs } = times.get(id) ?? {};
    const shown = pieces.length > FEW_PIECES ? merged(pieces, (toMs - fromMs) * INDISTINCT) : pieces;
    return { id, pieces: shown, isCritical, slackMs };
  });
}

/** What waits for people or for the next attempt may be drawn short; all else is to scale. */
function scaleOf(rows: readonly Row[], fromMs: number, toMs: number): TimeScale {
  const pieces = rows.flatMap((row) => row.pieces);
  const last = Math.max(toMs, ...pieces.map((piece) => piece.toMs));
  const busy = pieces.filter(({ kind }) => kind === 'attempt' || kind === 'undo' || kind === 'now');
  return timeScale({ fromMs, toMs: last }, busy);
}

function Axis({ totalMs }: { readonly totalMs: number }): JSX.Element {
  return (
    <div class="line-row axis" aria-hidden="true">
      <span />
      <span class="track">
        <span class="axis-start">0</span>
        <span class="axis-end">{durationText(totalMs)}</span>
      </span>
    </div>
  );
}

interface RowsProps extends RunTimelineProps {
  readonly rows: readonly Row[];
  readonly scale: TimeScale;
}

/** Only what is seen is drawn: a run may have thousands of nodes. */
function Rows({ rows, scale, log, selected, onSelect, finishedAtMs }: RowsProps): JSX.Element {
  const frame = useRef<HTMLDivElement>(null);
  const top = useSignal(0);
  const height = frame.current?.clientHeight ?? 640;
  const first = Math.max(0, Math.floor(top.value / ROW_PX) - SPARE_ROWS);
  const last = Math.min(rows.length, Math.ceil((top.value + height) / ROW_PX) + SPARE_ROWS);
  return (
    <div
      class="lines"
      ref={frame}
      onScroll={({ currentTarget }) => (top.value = currentTarget.scrollTop)}
      tabIndex={0}
      role="group"
      aria-label="Nodes"
    >
      <div class="lines-whole" style={{ height: `${rows.length * ROW_PX}px` }}>
        {rows.slice(first, last).map((row, at) => (
          <Line
            key={row.id}
            row={row}
            scale={scale}
            topPx={(first + at) * ROW_PX}
            isSelected={selected === row.id}
            word={lookOfNode(asOfRun(log.stateOf(row.id).status, finishedAtMs !== undefined)).word}
            onSelect={onSelect}
          />
        ))}
      </div>
    </div>
  );
}

interface LineProps {
  readonly row: Row;
  readonly scale: TimeScale;
  readonly topPx: number;
  readonly isSelected: boolean;
  readonly word: string;
  readonly onSelect: (node: string) => void;
}

function Line({ row, scale, topPx, isSelected, word, onSelect }: LineProps): JSX.Element {
  const { id, pieces, isCritical, slackMs } = row;
  const slack = slackMs === undefined || isCritical ? '' : `, slack ${durationText(slackMs)}`;
  return (
    <button
      class={`line-row line ${isCritical ? 'critical' : ''}`}
      style={{ top: `${topPx}px` }}
      aria-pressed={isSelected}
      title={`${id}: ${word}${isCritical ? ', on the critical path' : slack}`}
      onClick={() => onSelect(id)}
    >
      <span class="line-name">{id}</span>
      <span class="unseen">
        {word}
        {isCritical ? ', on the critical path' : slack}
      </span>
      <span class="track">
        {scale.gaps.map(({ from, to }) => (
          <span class="gap" style={place(from, to)} />
        ))}
        {pieces.map(({ kind, tone, fromMs, toMs, words }) => (
          <span
            class={`piece ${kind} tone-${tone}`}
            style={place(scale.at(fromMs), scale.at(toMs))}
            title={`${words}, ${durationText(toMs - fromMs)}`}
          />
        ))}
      </span>
    </button>
  );
}

function place(from: number, to: number): CSSProperties {
  return { left: `${(from * 100).toFixed(3)}%`, width: `${(Math.max(to - from, 0) * 100).toFixed(3)}%` };
}

function Legend({ hasPath }: { readonly hasPath: boolean }): JSX.Element {
  const entries = [
    ['attempt tone-good', 'done'],
    ['attempt tone-bad', 'failed'],
    ['now tone-busy', 'executing'],
    ['wait tone-warn', 'waits'],
    ['pause tone-warn', 'until the next attempt'],
    ['undo tone-undo', 'taken back'],
  ] as const;
  return (
    <ul class="legend">
      {entries.map(([look, words]) => (
        <li>
          <span class="track">
            <span class={`piece ${look}`} />
          </span>
          {words}
        </li>
      ))}
      {hasPath && (
        <li class="critical">
          <span class="mark" /> critical path
        </li>
      )}
    </ul>
  );
}
