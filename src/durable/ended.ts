// Runs whose outcome was committed with their last step: DBOS, which comes to write it, learns that it is there. No I/O.

// By owner token: whoever executes the run afterwards has another (K12).
const ended = new Set<string>();

export function noteEnded(ownerXid: string): void {
  ended.add(ownerXid);
}

/** Each end is told once. */
export function takeEnded(ownerXid: string): boolean {
  return ended.delete(ownerXid);
}
