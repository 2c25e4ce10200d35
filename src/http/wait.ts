// Holding an answer until a run is final, but never longer than the app stays open.
import type { RunView } from '../runs/index.ts';
import type { Services } from './app-context.ts';

/** Without `waitMs`, or once the app is closing, the run as it is now. */
export async function readRun(
  { runs, closing }: Services,
  tenant: string,
  id: string,
  waitMs: number | undefined,
): Promise<RunView> {
  if (waitMs === undefined) return await runs.get(tenant, id);
  const asItIs = async () => {
    await closing;
    return await runs.get(tenant, id);
  };
  return await Promise.race([runs.waitFor(tenant, id, waitMs), asItIs()]);
}
