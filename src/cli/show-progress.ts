// How far a run is, as a bar at the foot of the terminal, asked of the API twice a second while somebody looks.
import { setTimeout as pause } from 'node:timers/promises';
import { formatDuration } from '../kernel/index.ts';
import { run, type RunAnswer } from './answers.ts';
import type { ApiClient } from './api-client.ts';
import type { LiveLine } from './live-line.ts';

const EVERY_MS = 500;
const WIDTH = 24;

/** Until it is told to stop. An app that is away is shown as such: who follows the facts says when that lasts too long. */
export async function showProgress(api: ApiClient, id: string, line: LiveLine, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    const text = await api.get(`/v1/runs/${id}`, run).then(
      (answer) => progressText(answer, Date.now()),
      () => 'the app does not answer; the run goes on when it is back',
    );
    if (signal.aborted) return;
    line.show(text);
    await pause(EVERY_MS, undefined, { signal }).catch(() => undefined);
  }
}

/** Pure. */
export function progressText({ progress, status, phase, waiting, startedAt }: RunAnswer, nowMs: number): string {
  const filled = Math.round((progress / 100) * WIDTH);
  const bar = `${'█'.repeat(filled)}${'░'.repeat(WIDTH - filled)}`;
  const since = formatDuration(Math.max(0, Math.round((nowMs - Date.parse(startedAt)) / 1_000)) * 1_000);
  return [bar, `${String(progress).padStart(3)}%`, since, status, waiting ?? phase].filter(Boolean).join('  ');
}
