// Follows a run by its events, through lost connections and restarts of the app, to its end.
import { setTimeout as pause } from 'node:timers/promises';
import { BreakwaterError } from '../kernel/index.ts';
import type { ApiClient } from './api-client.ts';
import { fact } from './fact-text.ts';
import type { FactAnswer } from './fact-text.ts';

const AGAIN_MS = 1_000;
/** How long the app may be away. */
const PATIENCE_MS = 300_000;

/** Each fact once, as it becomes known. */
export async function* followFacts(api: ApiClient, runId: string): AsyncGenerator<FactAnswer, void, void> {
  const path = `/v1/runs/${encodeURIComponent(runId)}/events`;
  let position: string | undefined;
  let ended = false;
  let heardAtMs = performance.now();
  for (;;) {
    try {
      const stream = await api.events(path, position);
      if (!stream) return;
      for await (const { id, data } of stream) {
        position = id ?? position;
        heardAtMs = performance.now();
        const told = fact.parse(data);
        yield told;
        ended = told.kind === 'run.finished';
      }
      if (ended) return;
    } catch (error) {
      const isAway = error instanceof BreakwaterError && error.code === 'UNAVAILABLE';
      if (!isAway || position === undefined || performance.now() - heardAtMs > PATIENCE_MS) throw error;
    }
    await pause(AGAIN_MS);
  }
}
