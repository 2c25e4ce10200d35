// One run as it goes on: its row, its graph, its facts as they are told, and where its time went.
import { useCallback, useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { get } from '../api/client.ts';
import type { ReceivedEvent } from '../api/event-text.ts';
import { parseJson } from '../api/problem.ts';
import {
  fact,
  runGraph,
  timeline as timelineShape,
  type Fact,
  type RunGraph,
  type Timeline,
} from '../api/run-shapes.ts';
import { run as runShape, type Run } from '../api/shapes.ts';
import { followEvents } from '../api/stream.ts';
import { isLive, useRepeatedly } from '../live.ts';
import { createFactLog, forgets, type FactLog } from '../model/fact-log.ts';
import { isFinal } from '../model/status.ts';
import { useLoaded, type Loaded } from '../parts/use-loaded.ts';

export interface FollowedRun {
  readonly run: Loaded<Run>;
  readonly graph?: RunGraph;
  readonly timeline?: Timeline;
  readonly log: FactLog;
  /** Counts up whenever the log knows more. */
  readonly version: number;
  readonly isConnected: boolean;
  /** Something was asked of the run: look at once, and hear all of it anew. */
  readonly lookAgain: () => void;
}

const LOOK_EVERY_MS = 4_000;
/** Of a run that is over: somebody may reopen it. */
const LOOK_SELDOM_MS = 30_000;
/** The row and the times are asked for so much later than what happened, once for all of it. */
const SETTLE_MS = 400;

export function useRun(id: string): FollowedRun {
  const path = `/v1/runs/${encodeURIComponent(id)}`;
  const run = useLoaded(path, async (signal) => await get(path, runShape, signal));
  const graph = useLoaded(`${path}/graph`, async (signal) => await get(`${path}/graph`, runGraph, signal));
  const timeline = useLoaded(
    `${path}/timeline`,
    async (signal) => await get(`${path}/timeline`, timelineShape, signal),
  );
  const { reload: reloadRun } = run;
  const { reload: reloadTimeline } = timeline;
  const lookAtRow = useCallback(() => {
    reloadRun();
    reloadTimeline();
  }, [reloadRun, reloadTimeline]);
  const facts = useFacts(`${path}/events`, lookAtRow);
  const { isOver, restart } = facts;
  const lookAgain = useCallback(() => {
    lookAtRow();
    restart();
  }, [lookAtRow, restart]);
  // Somebody may have reopened it since.
  const isReopened = isOver && run.data !== undefined && !isFinal(run.data.status);
  useEffect(() => {
    if (isReopened) restart();
  }, [isReopened, restart]);
  const isQuiet = run.data !== undefined && isFinal(run.data.status);
  useRepeatedly(reloadRun, isQuiet ? LOOK_SELDOM_MS : LOOK_EVERY_MS);
  return { run, graph: graph.data, timeline: timeline.data, ...facts, lookAgain };
}

interface Facts {
  readonly log: FactLog;
  readonly version: number;
  readonly isConnected: boolean;
  readonly isOver: boolean;
  readonly restart: () => void;
}

function useFacts(path: string, onNews: () => void): Facts {
  const [telling, setTelling] = useState(0);
  const [version, setVersion] = useState(0);
  const [isConnected, setConnected] = useState(false);
  const [isOver, setOver] = useState(false);
  const restart = useCallback(() => setTelling((before) => before + 1), []);
  const news = useRef(onNews);
  news.current = onNews;
  const log = useMemo(() => createFactLog(), [path, telling]);
  useEffect(() => {
    const leaving = new AbortController();
    let asking: ReturnType<typeof setTimeout> | undefined;
    const tellNews = (): void => {
      asking = undefined;
      news.current();
    };
    const inbox = createInbox(leaving.signal, (facts) => {
      const isFirst = log.all().length === 0;
      const isForgotten = !isFirst && facts.some(forgets);
      log.add(facts);
      setVersion((before) => before + 1);
      // What the row says was asked for together with the first facts.
      if (!isFirst) asking ??= setTimeout(tellNews, SETTLE_MS);
      if (isForgotten) setTimeout(restart, SETTLE_MS);
    });
    setOver(false);
    followEvents({ path, signal: leaving.signal, onState: setConnected, onEvents: inbox })
      .then(() => setOver(true))
      // Why the run cannot be read, its row says.
      .catch(() => setConnected(false));
    return () => {
      clearTimeout(asking);
      leaving.abort();
    };
  }, [path, log, restart]);
  return { log, version, isConnected, isOver, restart };
}

/** Takes what comes and gives it on once a frame, while the page is live. */
function createInbox(
  signal: AbortSignal,
  take: (facts: readonly Fact[]) => void,
): (events: readonly ReceivedEvent[]) => void {
  let waiting: Fact[] = [];
  let isAsked = false;
  const flush = (): void => {
    isAsked = false;
    if (signal.aborted) return;
    if (!isLive.peek()) return ask();
    const facts = waiting;
    waiting = [];
    take(facts);
  };
  const ask = (): void => {
    if (isAsked) return;
    isAsked = true;
    if (isLive.peek()) requestAnimationFrame(flush);
    else setTimeout(flush, SETTLE_MS);
  };
  return (events) => {
    for (const { data } of events) {
      const parsed = fact.safeParse(parseJson(data));
      if (parsed.success) waiting.push(parsed.data);
    }
    ask();
  };
}
