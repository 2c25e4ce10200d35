// Which verb is allowed when: the table in ARCHITECTURE.md, read and asked of the function, cell by cell.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { packageRoot } from '../../../src/postgres/index.ts';
import { CONTROL_VERBS, REFUSALS, decideControl } from '../../../src/runs/control-decision.ts';
import type { Controllable, ControlVerb, ControlVerdict } from '../../../src/runs/control-decision.ts';
import { RUN_STATUSES } from '../../../src/runs/index.ts';

interface Cell {
  readonly verb: ControlVerb;
  readonly state: string;
  readonly says: string;
}

const page = await readFile(join(packageRoot(), 'ARCHITECTURE.md'), 'utf8');
const section = page.split('\n## ').find((part) => part.startsWith('Control\n')) ?? '';
const cells = cellsOf(section);
const reasons = new Map(
  [...section.matchAll(/\(([a-z])\) ([^·]+?)(?= ·|\.\n)/g)].map(([, letter = '', text = '']) => [letter, text]),
);

function cellsOf(text: string): Cell[] {
  const rows = text.split('\n').filter((line) => line.startsWith('|') && !line.startsWith('|---'));
  const [head = [], ...body] = rows.map((line) =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim().replaceAll('`', '')),
  );
  return body.flatMap(([state = '', ...says]) =>
    says.map((cell, column) => ({ state, verb: verbOf(head[column + 1]), says: cell })),
  );
}

function verbOf(name: string | undefined): ControlVerb {
  const verb = CONTROL_VERBS.find((each) => each === name);
  if (!verb) throw new TypeError(`no verb ${name}`);
  return verb;
}

function runIn(state: string): Controllable {
  if (state === 'told to pause') return { status: 'running', asked: 'pause' };
  if (state === 'told to cancel') return { status: 'running', asked: 'cancel' };
  const status = RUN_STATUSES.find((each) => each === state);
  if (!status) throw new TypeError(`no status ${state}`);
  return { status, asked: undefined };
}

function verdictOf(says: string): ControlVerdict {
  if (says === 'yes') return { kind: 'accepted' };
  return says === 'same'
    ? { kind: 'unchanged' }
    : { kind: 'refused', reason: reasons.get(says) ?? `no reason ${says}` };
}

describe('decideControl', () => {
  it.each(cells)('as the table says: $verb of a run that is $state', ({ verb, state, says }) => {
    expect(decideControl(verb, runIn(state))).toEqual(verdictOf(says));
  });

  it('is told whole: every verb of every status, and every reason', () => {
    const states = new Set(cells.map(({ state }) => state));
    expect([...states].toSorted()).toEqual([...RUN_STATUSES, 'told to pause', 'told to cancel'].toSorted());
    expect(cells).toHaveLength(states.size * CONTROL_VERBS.length);
    expect([...reasons.values()].toSorted()).toEqual(Object.values(REFUSALS).toSorted());
  });

  it('takes a run that is stuck, over or being undone for that, whatever it was told before', () => {
    for (const status of ['stuck', 'compensating', 'cancelled', 'succeeded'] as const)
      for (const asked of ['pause', 'cancel'] as const)
        for (const verb of CONTROL_VERBS)
          expect(decideControl(verb, { status, asked })).toEqual(decideControl(verb, { status, asked: undefined }));
  });
});
