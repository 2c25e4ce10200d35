// Draws a campaign's progress on stderr: a line a change, so that it reads the same in a terminal and in a log.
import { styleText } from 'node:util';
import { formatDuration } from '../../src/kernel/index.ts';
import type { Campaign, DemoApi } from './api.ts';

const WIDTH = 24;
const POLL_MS = 100;

export interface ProgressWatch {
  /** The first look at which `done` holds. */
  until(done: (campaign: Campaign) => boolean): Promise<Campaign>;
}

export function showProgress(api: DemoApi, id: string): ProgressWatch {
  const startedAt = performance.now();
  let shown = '';
  return {
    async until(done) {
      for (;;) {
        const campaign = await api.campaign(id);
        const line = lineOf(campaign);
        if (line !== shown) console.error(`${styleText('dim', `+${formatDuration(performance.now() - startedAt).padEnd(6)}`)} ${line}`);
        shown = line;
        if (done(campaign)) return campaign;
        await new Promise((resolve) => setTimeout(resolve, POLL_MS));
      }
    },
  };
}

function lineOf({ progress, status, phase, waiting }: Campaign): string {
  const filled = Math.round((progress / 100) * WIDTH);
  const bar = `${'█'.repeat(filled)}${'░'.repeat(WIDTH - filled)}`;
  const what = waiting ?? phase ?? '';
  return `${bar} ${String(progress).padStart(3)} %  ${status}${what ? `: ${what}` : ''}`;
}
