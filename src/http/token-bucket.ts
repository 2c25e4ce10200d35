// A token bucket: how many requests of one caller may come now. Pure.

export interface Bucket {
  readonly left: number;
  readonly atMs: number;
}

export type Take =
  | { readonly taken: true; readonly bucket: Bucket }
  /** Nothing is left; after `waitMs` one is. */
  | { readonly taken: false; readonly waitMs: number };

/** A bucket holds as much as a second brings, and one at least; one that was never used is full. */
export function take(bucket: Bucket | undefined, perSecond: number, nowMs: number): Take {
  const left = levelAt(bucket, perSecond, nowMs);
  if (left >= 1) return { taken: true, bucket: { left: left - 1, atMs: nowMs } };
  return { taken: false, waitMs: Math.ceil(((1 - left) / perSecond) * 1_000) };
}

/** A full bucket says no more than none. */
export function isFull(bucket: Bucket, perSecond: number, nowMs: number): boolean {
  return levelAt(bucket, perSecond, nowMs) >= sizeOf(perSecond);
}

function levelAt(bucket: Bucket | undefined, perSecond: number, nowMs: number): number {
  if (!bucket) return sizeOf(perSecond);
  const gained = (Math.max(0, nowMs - bucket.atMs) / 1_000) * perSecond;
  return Math.min(sizeOf(perSecond), bucket.left + gained);
}

function sizeOf(perSecond: number): number {
  return Math.max(1, perSecond);
}
