// How a command that runs until it is told to stop is told.

/** Settles at the next SIGINT or SIGTERM, which then does nothing else. */
export function nextStopSignal(): Promise<void> {
  return new Promise((resolve) => {
    process.once('SIGINT', () => resolve());
    process.once('SIGTERM', () => resolve());
  });
}
