// The plan of a chaos run: the same for the same seed, whole for its tier, and every fault of it in words.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createRandom, INFRASTRUCTURE_SQLSTATES } from '../faults/index.ts';
import { FAMILIES, TIERS, describeStep, makePlan } from './plan.ts';
import type { Family } from './plan.ts';

const planOf = (seed: number, rest: { only?: readonly Family[]; scale?: number } = {}) =>
  makePlan({ seed, counts: TIERS.change, sqlstates: INFRASTRUCTURE_SQLSTATES, ...rest }, createRandom(seed));
const stepsOf = (family: Family, seed = 1) => planOf(seed).phases.find((phase) => phase.family === family)?.steps ?? [];

describe('makePlan', () => {
  it('plans the same for the same seed and otherwise something else', () => {
    expect(planOf(7)).toEqual(planOf(7));
    expect(planOf(7).phases).not.toEqual(planOf(8).phases);
  });

  it('plans a family the same whether or not the others are left out', () => {
    fc.assert(
      fc.property(fc.nat(), fc.constantFrom(...FAMILIES), (seed, family) => {
        const whole = planOf(seed).phases.find((phase) => phase.family === family);

        expect(planOf(seed, { only: [family] }).phases).toEqual([whole]);
      }),
    );
  });

  it('plans what the change tier promises', () => {
    const counts = Object.fromEntries(planOf(3).phases.map(({ family, steps }) => [family, steps.length]));

    expect(counts).toMatchObject({ kills: 20, pauses: 5, commits: 30, sqlstates: 24, restarts: 5, partitions: 12 });
    expect(counts).toMatchObject({ clocks: 10, rolling: 20, poison: 3, starts: 10, approvals: 100, herd: 1 });
  });

  it('answers every code once before any of them again', () => {
    const codes = stepsOf('sqlstates').map((step) => (step.fault === 'sqlstate' ? step.code : ''));

    expect(new Set(codes).size).toBe(INFRASTRUCTURE_SQLSTATES.length);
  });

  it('loses answers of claims too', () => {
    expect(stepsOf('commits')).toContainEqual(expect.objectContaining({ fault: 'commit', site: 'claim' }));
  });

  it('splits races without losing a request', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 4 }), (scale) => {
        const races = planOf(1, { only: ['starts'], scale }).phases[0]?.steps ?? [];
        const requests = races.reduce((sum, step) => sum + ('requests' in step ? step.requests : 0), 0);

        expect(requests).toBe(TIERS.change.starts * scale);
      }),
    );
  });

  it('keeps at least one of each at any scale', () => {
    expect(planOf(1, { scale: 0.001 }).phases.map(({ steps }) => steps.length)).not.toContain(0);
  });

  it('says every step in words', () => {
    const words = planOf(5).phases.flatMap(({ steps }) => steps.map(describeStep));

    expect(words.filter((text) => /undefined|object|NaN/.test(text))).toEqual([]);
  });
});
