import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readBrief } from '../../sandbox/vendors/slm/brief.ts';

describe('readBrief', () => {
  it.each([
    ['labels', 'Campaign name: Spring Launch\nAudience: bakeries\nTone: casual'],
    ['labels in bold', '- **Campaign**: Spring Launch\n- **Target audience**: bakeries\n- **Tone**: casual'],
    ['JSON', '{\n  "campaign_name": "Spring Launch",\n  "target_audience": "bakeries",\n  "tone": "casual"\n}'],
    ['prose', 'Write for the campaign “Spring Launch”, aimed at bakeries. Use a casual tone.'],
    ['prose without quotes', 'Write copy for the campaign Spring Launch in a casual tone. The audience is bakeries.'],
  ])('finds name, audience and tone in %s', (_, prompt) => {
    expect(readBrief(prompt)).toMatchObject({ name: 'Spring Launch', audience: 'bakeries', tone: 'casual' });
  });

  it('finds several goals', () => {
    expect(readBrief('Goals: ["sell bread", "win customers"]').goals).toEqual(['sell bread', 'win customers']);
  });

  it('makes something of any prompt', () => {
    fc.assert(
      fc.property(fc.string(), (prompt) => {
        const { name, audience, seed } = readBrief(prompt);

        expect(name.length).toBeGreaterThan(0);
        expect(audience.length).toBeGreaterThan(0);
        expect(Number.isSafeInteger(seed)).toBe(true);
      }),
    );
  });
});
