// The README's tour keeps its word: its definition is accepted, and what it says of a broken one is what is said.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { compileDefinition } from '../../src/definitions/index.ts';
import { packageRoot } from '../../src/postgres/index.ts';
import { toolCatalog } from '../../src/tools/index.ts';

const page = readFileSync(join(packageRoot(), 'README.md'), 'utf8');
const greet = /^Write `greet\.yaml`:\n\n```yaml\n([^]*?)```/m.exec(page)?.[1] ?? '';
const compile = (source: string) => compileDefinition(source, { catalog: toolCatalog() });

describe('the definition of the README', () => {
  it('is accepted, without a warning', () => {
    expect(compile(greet)).toMatchObject({ ok: true, warnings: [], plan: { name: 'greet', version: '1.0.0' } });
  });

  it('is refused with what the README shows, once it has its two mistakes', () => {
    const bad = greet
      .replace('action: create_or_update_file', 'action: create_or_update_fil')
      .replace('depends_on: [note]', 'depends_on: [notes]');

    const compiled = compile(bad);
    const problems = compiled.ok ? [] : compiled.problems;
    const told = problems.map(({ line, column, message }) => `bad.yaml:${line}:${column} ${message}`);

    expect(told).toHaveLength(2);
    for (const line of told) expect(page).toContain(line);
  });
});
