// The kernel's face: words and values every room shares. No I/O; imports nothing of ours.
export * from './breaker.ts';
export * from './canonical-json.ts';
export * from './duration.ts';
export * from './error.ts';
export * from './event.ts';
export * from './html.ts';
export * from './id.ts';
export * from './json.ts';
export * from './outcome.ts';
export * from './page.ts';
export * from './ports.ts';
export * from './retry.ts';
export * from './secret.ts';
export * from './suggest.ts';
export * from './trace.ts';
