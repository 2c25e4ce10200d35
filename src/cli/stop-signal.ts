// The signals that stop a command which runs on: the first one asks, another one much later insists.

const STOP_SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
/** A stop of the whole process group comes from the terminal, from npm and from the bootstrap at once: that is still one. */
const SAME_SIGNAL_MS = 2_000;

export function nextStopSignal(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of STOP_SIGNALS) process.once(signal, () => resolve());
  });
}

/** From now on another signal ends the process at once. */
export function leaveOnAnotherSignal(): void {
  const askedAt = performance.now();
  for (const signal of STOP_SIGNALS) {
    process.on(signal, () => {
      if (performance.now() - askedAt > SAME_SIGNAL_MS) process.exit(130);
    });
  }
}
