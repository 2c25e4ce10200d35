// When a machine whose clock went astray, or came back, is worth a word.
import { formatDuration, type Emit, type RoomEvent } from '../kernel/index.ts';
import { MAX_SKEW_MS } from './preflight.ts';

/** A look at the skew, to be taken now and then: it announces each change once. */
export function createSkewWatch(clock: { readonly skewMs: number }, emit: Emit): () => void {
  let announcedMs: number | undefined;
  return () => {
    const { skewMs } = clock;
    const event = nextSkewEvent(announcedMs, skewMs);
    if (!event) return;
    announcedMs = isSkewed(skewMs) ? skewMs : undefined;
    emit(event);
  };
}

function isSkewed(skewMs: number): boolean {
  return Math.abs(skewMs) > MAX_SKEW_MS;
}

/** What is new since `announcedMs`, which is undefined while the clock is in step: it is off, it is off by much more or less, it is right again. Pure. */
function nextSkewEvent(announcedMs: number | undefined, skewMs: number): RoomEvent | undefined {
  if (!isSkewed(skewMs)) return announcedMs === undefined ? undefined : inStep(skewMs);
  const isNew = announcedMs === undefined || isSkewed(skewMs - announcedMs);
  return isNew ? skewed(skewMs) : undefined;
}

function inStep(skewMs: number): RoomEvent {
  return { level: 'info', name: 'clock.in_step', fields: { skewMs: Math.round(skewMs) } };
}

// No deadline, retry or lease asks the machine's clock, so the process runs on: to exit would turn a clock's jump into an outage.
function skewed(skewMs: number): RoomEvent {
  const direction = skewMs > 0 ? 'ahead of' : 'behind';
  const message = `This machine's clock is ${formatDuration(Math.abs(skewMs))} ${direction} the database's; synchronise both (NTP). Runs go by the database's clock, but a restart would be refused.`;
  return { level: 'warn', name: 'clock.skewed', fields: { skewMs: Math.round(skewMs), message } };
}
