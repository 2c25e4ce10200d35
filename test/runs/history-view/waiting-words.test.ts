// Why a run does not move, in words.
import { describe, expect, it } from 'vitest';
import { explainWaiting } from '../../../src/runs/history-view/waiting-words.ts';
import type { Situation } from '../../../src/runs/history-view/waiting-words.ts';
import { FINAL_STATUSES, RUN_STATUSES, isFinal } from '../../../src/runs/runs.ts';

const at = new Date('2026-11-22T10:02:03.456Z');

function situation(over: Partial<Situation>): Situation {
  return { status: 'waiting', said: null, error: null, approvals: [], breakers: [], backOffs: [], ...over };
}

const question = { node: 'review', approvers: ['role:lead', 'user:ann'], deadline: at, quorum: 1, approved: 0 };

describe('explainWaiting', () => {
  it.each([
    [
      'an approval',
      { said: 'waits for approval "review"', approvals: [question] },
      'waits for approval "review"; "review" is asked of role:lead, user:ann until 2026-11-22T10:02:03Z',
    ],
    [
      'a quorum',
      { approvals: [{ ...question, quorum: 2, approved: 1 }] },
      '"review" is asked of role:lead, user:ann until 2026-11-22T10:02:03Z, 1 of 2 have approved',
    ],
    [
      'a service',
      { breakers: [{ service: 'notion', openedAt: at, nextProbeAt: at, forcedBy: null }] },
      'service "notion" is down since 2026-11-22T10:02:03Z, tried again at 2026-11-22T10:02:03Z',
    ],
    [
      'a service that was shut',
      { breakers: [{ service: 'notion', openedAt: at, nextProbeAt: null, forcedBy: 'ann' }] },
      'service "notion" is down since 2026-11-22T10:02:03Z, opened by ann',
    ],
    [
      'a back-off',
      { status: 'running', backOffs: [{ act: 'm.a', attempt: 2, attempts: 5, code: 'GITHUB_503', nextAt: at }] },
      '"m.a" waits for its next attempt at 2026-11-22T10:02:03Z: attempt 2 of 5 failed with GITHUB_503',
    ],
    [
      'a back-off of code',
      { status: 'running', backOffs: [{ act: 'a', attempt: 1, code: 'X', nextAt: at }] },
      '"a" waits for its next attempt at 2026-11-22T10:02:03Z: attempt 1 failed with X',
    ],
    [
      'slots',
      { status: 'running', slots: { used: 64, capacity: 64, queued: 3 } },
      'all 64 activity slots of its executor are taken, and 3 acts wait for one',
    ],
    [
      'nobody',
      { status: 'queued', queue: { before: 3, workers: 0, notBefore: null } },
      'waits for a worker: none that serves its protocol is alive',
    ],
    [
      'its turn',
      { status: 'queued', queue: { before: 1, workers: 2, notBefore: null } },
      'waits for a worker to take it: 1 run is before it',
    ],
    [
      'being next',
      { status: 'queued', queue: { before: 0, workers: 2, notBefore: null } },
      'waits for a worker to take it: it is next',
    ],
    [
      'a claim that comes later',
      { status: 'running', queue: { before: 0, workers: 2, notBefore: at } },
      'was given back after trouble with the database, and is taken again at 2026-11-22T10:02:03Z',
    ],
    ['a worker', { status: 'queued' }, 'waits for a worker to take it'],
    ['a resume', { status: 'paused', said: 'paused by ann', approvals: [question] }, 'paused by ann'],
    ['a decision', { status: 'held', said: 'held: decide it' }, 'held: decide it'],
    [
      'a release',
      { status: 'stuck', error: { code: 'DEFECT', message: 'no', remedy: 'fix it' } },
      'is stuck with DEFECT: no; fix it',
    ],
    [
      'its undo',
      { status: 'compensating', backOffs: [{ act: 'undo m.a', attempt: 1, attempts: 3, code: 'X', nextAt: at }] },
      'takes back what it did; "undo m.a" waits for its next attempt at 2026-11-22T10:02:03Z: attempt 1 of 3 failed with X',
    ],
  ] satisfies [string, Partial<Situation>, string][])('names %s', (_what, over, words) => {
    expect(explainWaiting(situation(over))).toBe(words);
  });

  it('says nothing of a run that acts, or is over', () => {
    expect(
      explainWaiting(situation({ status: 'running', slots: { used: 1, capacity: 64, queued: 0 } })),
    ).toBeUndefined();
    for (const status of FINAL_STATUSES) expect(explainWaiting(situation({ status, said: 'x' }))).toBeUndefined();
  });

  it('says something of every run that rests', () => {
    const resting = RUN_STATUSES.filter((status) => !isFinal(status) && status !== 'running');
    for (const status of resting) expect(explainWaiting(situation({ status, said: 'x' })), status).toBeDefined();
  });
});
