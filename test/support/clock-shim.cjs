// Preloaded into a process under test (`node --require`): moves its wall clock. CLOCK_SHIM_FILE names a file that holds the
// offset in milliseconds, read anew at most every 20 ms; an absent file is no offset. Monotonic clocks and timers stay.
'use strict';
const { readFileSync } = require('node:fs');

const REREAD_MS = 20;
const file = process.env.CLOCK_SHIM_FILE;
const RealDate = Date;
let offsetMs = 0;
let readAt = -Infinity;

function now() {
  if (file !== undefined && performance.now() - readAt >= REREAD_MS) {
    readAt = performance.now();
    offsetMs = readOffset();
  }
  return RealDate.now() + offsetMs;
}

// A file that is just being written reads as empty: the offset before it stands.
function readOffset() {
  try {
    const text = readFileSync(file, 'utf8').trim();
    return text === '' ? offsetMs : Number(text);
  } catch (error) {
    if (error.code === 'ENOENT') return 0;
    throw error;
  }
}

const ShiftedDate = new Proxy(RealDate, {
  construct: (target, args, newTarget) => Reflect.construct(target, args.length > 0 ? args : [now()], newTarget),
  apply: () => new RealDate(now()).toString(),
  get: (target, key, receiver) => (key === 'now' ? now : Reflect.get(target, key, receiver)),
});
RealDate.prototype.constructor = ShiftedDate;
globalThis.Date = ShiftedDate;
