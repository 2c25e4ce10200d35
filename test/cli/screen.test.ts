// What a terminal changes: tables that fit it, colours, a line that is drawn anew. A pipe gets none of it.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createFactLines } from '../../src/cli/fact-text.ts';
import { createLiveLine } from '../../src/cli/live-line.ts';
import { fit, paint, screenOf } from '../../src/cli/screen.ts';
import { progressText } from '../../src/cli/show-progress.ts';
import { table } from '../../src/cli/table.ts';

const plain = { columns: 80, hasColours: false };
const coloured = { columns: 80, hasColours: true };
const RUN = 'run_01a1fde5-0abf-7186-b956-e6de981d6288';

describe('table', () => {
  it('cuts the widest column to fit the screen, and none in a pipe', () => {
    const rows = [['research', 'x'.repeat(200)]];

    expect(table(['NODE', 'MESSAGE'], rows, plain)).toBe(`NODE      MESSAGE\nresearch  ${'x'.repeat(69)}…\n`);
    expect(table(['NODE', 'MESSAGE'], rows)).toContain('x'.repeat(200));
  });

  it('never cuts an id or an instant', () => {
    const text = table(['RUN', 'AT', 'WHY'], [[RUN, '2026-11-21T23:29:14.123Z', 'y'.repeat(100)]], plain);

    expect(text).toContain(RUN);
    expect(text).toContain('  11-21 23:29Z  ');
    expect(text.split('\n')[1]).toHaveLength(80);
  });

  it('tells times to the second where there is room, and of a list of runs on eighty columns to the minute', () => {
    const headings = ['RUN', 'WORKFLOW', 'STATUS', 'DONE', 'STARTED'];
    const row = [RUN, 'marketing-campaign 1.0.0', 'succeeded', '100%', '2026-11-21T23:29:14.123Z'];

    expect(table(headings, [row], { columns: 120, hasColours: false })).toContain('2026-11-21 23:29:14Z');
    expect(table(headings, [row], plain).split('\n')[1]).toBe(`${RUN}  marketi…  succeed…  100%  11-21 23:29Z`);
  });

  it('writes each row as lines of its own where no cut makes it fit', () => {
    expect(table(['RUN', 'PARENT', 'WHY'], [[RUN, RUN, 'both']], plain)).toBe(
      `RUN     ${RUN}\nPARENT  ${RUN}\nWHY     both\n`,
    );
  });

  it('fits every screen on which its columns have room', () => {
    const cells = fc.array(fc.stringMatching(/^[ -~]{0,120}$/), { minLength: 3, maxLength: 3 });
    fc.assert(
      fc.property(fc.array(cells, { maxLength: 5 }), fc.integer({ min: 40, max: 200 }), (rows, columns) => {
        const lines = table(['A', 'B', 'C'], rows, { columns, hasColours: false }).split('\n');

        expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(columns);
      }),
    );
  });

  it('tells good from bad by colour, where there are colours', () => {
    const rows = [
      [RUN, 'succeeded'],
      [RUN, 'stuck'],
    ];

    expect(table(['RUN', 'STATUS'], rows, coloured)).toContain('\u001B[32msucceeded\u001B[39m');
    expect(table(['RUN', 'STATUS'], rows, coloured)).toContain('\u001B[31mstuck');
    expect(table(['RUN', 'STATUS'], rows, plain) + table(['RUN', 'STATUS'], rows)).not.toContain('\u001B');
  });
});

describe('a screen', () => {
  it('is a terminal, with the colours that it has', () => {
    const stream = { isTTY: true, columns: 132, hasColors: () => false } as unknown as NodeJS.WriteStream;

    expect(screenOf(stream)).toEqual({ columns: 132, hasColours: false });
    expect(screenOf({ isTTY: false } as NodeJS.WriteStream)).toBeUndefined();
  });

  it('cuts lines, and a pipe does not', () => {
    expect(fit({ columns: 5, hasColours: false }, 'abcdef')).toBe('abcd…');
    expect(fit(undefined, 'abcdef')).toBe('abcdef');
    expect(paint(undefined, 'red', 'no')).toBe('no');
  });
});

describe('facts', () => {
  it('are one line each that fits, red when something failed', () => {
    const at = '2026-11-21T23:29:14.000Z';
    const failed = {
      id: '1',
      at,
      kind: 'activity.failed',
      node: 'a.b',
      error: { code: 'HTTP', message: 'm'.repeat(300) },
    };
    const lineOf = createFactLines(coloured);

    expect(lineOf(failed)).toHaveLength(80 + '\u001B[31m\u001B[39m'.length);
    expect(createFactLines()(failed)).not.toContain('\u001B');
  });
});

describe('a live line', () => {
  it('stays below what is printed, drawn anew in its place', () => {
    let written = '';
    const line = createLiveLine((text) => (written += text), plain);

    line.show('10%');
    line.print('a fact');
    line.show('20%');
    line.end();
    line.print('the end');

    expect(written).toBe('10%\r\u001B[2Ka fact\n10%\r\u001B[2K20%\r\u001B[2Kthe end\n');
  });

  it('is not drawn into a pipe', () => {
    let written = '';
    const line = createLiveLine((text) => (written += text));

    line.show('10%');
    line.print('a fact');
    line.end();

    expect(written).toBe('a fact\n');
  });
});

describe('progressText', () => {
  it('tells how far a run is, since when, and what it waits for', () => {
    const answer = {
      id: RUN,
      workflow: 'greet',
      version: '1.0.0',
      status: 'waiting' as const,
      progress: 50,
      phase: 'ask',
      waiting: 'waits for approval "ask"',
      requester: 'ann',
      sandboxed: true,
      startedAt: '2026-11-21T23:29:00.000Z',
    };

    expect(progressText(answer, Date.parse('2026-11-21T23:30:05.400Z'))).toBe(
      `${'█'.repeat(12)}${'░'.repeat(12)}   50%  1m 5s  waiting  waits for approval "ask"`,
    );
  });
});
