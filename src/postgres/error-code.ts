// The code an error of pg or of the socket carries: a SQLSTATE such as `23505`, or an errno such as `EPIPE`. Pure.

export function codeOf(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}

/** The error, what it wraps and what that wraps: `cause` chains and AggregateErrors, each once. */
export function* chainOf(error: unknown): Generator<object> {
  const queue = [error];
  const seen = new Set<object>();
  for (const link of queue) {
    if (typeof link !== 'object' || link === null || seen.has(link)) continue;
    seen.add(link);
    yield link;
    if (link instanceof Error) queue.push(link.cause);
    if (link instanceof AggregateError) {
      const errors: unknown[] = link.errors;
      queue.push(...errors);
    }
  }
}
