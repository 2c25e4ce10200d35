// The planted SQLSTATEs mean to the engine what the lists say that they mean.
import { describe, expect, it } from 'vitest';
import { classifyEscape } from '../../../src/durable/escape.ts';
import { DEFECT_SQLSTATES, INFRASTRUCTURE_SQLSTATES } from './index.ts';

const classOf = (code: string) => classifyEscape(Object.assign(new Error('planted'), { code }));

describe('the planted SQLSTATEs', () => {
  it('are 24 that cost a run time alone', () => {
    expect(new Set(INFRASTRUCTURE_SQLSTATES.map(({ code }) => code)).size).toBe(24);
    for (const { code } of INFRASTRUCTURE_SQLSTATES) expect([code, classOf(code)]).toEqual([code, 'infrastructure']);
  });

  it('and some that no repetition can help', () => {
    for (const { code } of DEFECT_SQLSTATES) expect([code, classOf(code)]).toEqual([code, 'defect']);
  });
});
