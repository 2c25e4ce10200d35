// A crash test from nothing to nothing: the rig is opened, the matrix run, and the rig gone again, whoever interrupts.
import { runMatrix } from './matrix.ts';
import type { MatrixOptions, MatrixResult } from './matrix.ts';
import { openRig } from './rig.ts';
import type { RigOptions } from './rig.ts';

export interface CrashTestOptions extends RigOptions, Omit<MatrixOptions, 'lanes'> {
  /** Interrupts at once. */
  readonly signal: AbortSignal;
}

/** Undefined when it was interrupted. */
export async function runCrashTest(options: CrashTestOptions): Promise<MatrixResult | undefined> {
  const { signal } = options;
  const rig = await openRig(options);
  try {
    return await Promise.race([runMatrix({ ...options, lanes: rig.lanes }), interruption(signal)]);
  } finally {
    await rig.close();
  }
}

async function interruption(signal: AbortSignal): Promise<undefined> {
  if (signal.aborted) return;
  await new Promise<void>((resolve) => {
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
