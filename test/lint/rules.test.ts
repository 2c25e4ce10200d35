// The lint rules for workflow code, through the real oxlint: what each refuses, and what it leaves alone.
import { beforeAll, describe, expect, it } from 'vitest';
import { lintTexts, shownCatch } from './lint-text.ts';
import type { Finding } from './lint-text.ts';

const workflow = (body: string, around = ''): string => `
import { randomUUID } from 'node:crypto';
import { FailureError, defineAction } from 'breakwater';
${around}
export const one = {
  name: 'one', version: '1.0.0', title: 'One',
  async run(saga, input) {
    ${body}
    return null;
  },
};
`;

const caught = (handler: string): string => workflow(`try { await saga.run('a', input); } ${handler}`);

/** The forms that a workflow has: a decorated class, and what it gives to `waves`. */
const ofClass = (body: string): string => `
import { CallFailedError, FailureError, action, message, waves, workflow, z } from 'breakwater';
const charge = action('payments', 'charge');
@workflow({ name: 'one', version: '1.0.0', input: z.object({}) })
export class One {
  async run(saga, input) {
    ${body}
    return null;
  }
}
`;
const ofTask = (body: string): string =>
  ofClass(`await waves({ one: { dependsOn: [], run: async () => { ${body} } } });`);

interface Case {
  readonly what: string;
  readonly text: string;
}
const piece = (what: string, text = workflow(what)): Case => ({ what, text });

const nondeterminism: readonly (Case & { readonly remedy: string })[] = [
  ['const at = Date.now();', 'saga.now()'],
  ['const at = new Date();', 'saga.now()'],
  ['const at = Date();', 'saga.now()'],
  ['const at = performance.now();', 'saga.now()'],
  ['const at = process.hrtime.bigint();', 'saga.now()'],
  ['const at = globalThis.Date.now();', 'saga.now()'],
  ['const chance = Math.random();', 'saga.random(name)'],
  ['const id = crypto.randomUUID();', 'saga.uuid(name)'],
  ['const id = randomUUID();', 'saga.uuid(name)'],
  ["const page = await fetch('https://acme.example');", 'saga.run'],
  ['setTimeout(() => {}, 10);', 'lost with the process'],
  ['setInterval(() => {}, 10);', 'lost with the process'],
  ['const { HOME } = process.env;', 'input'],
  ["const home = process.env['HOME'];", 'input'],
  ['await Promise.all(input.map(async (each) => await saga.run(each, { with: { at: Date.now() } })));', 'saga.now()'],
].map(([what = '', remedy = '']) => ({ ...piece(what), remedy }));
const nondeterminismInForms: readonly (Case & { readonly remedy: string })[] = [
  { ...piece('the time in a decorated class', ofClass("await saga.until('then', new Date());")), remedy: 'saga.now()' },
  { ...piece('a timer in a task of waves', ofTask('setTimeout(() => {}, 10);')), remedy: 'saga.sleep' },
  {
    ...piece('chance in the arguments of an activity', ofClass('await saga.run(charge, { amount: Math.random() });')),
    remedy: 'saga.random(name)',
  },
];

const deterministic: readonly Case[] = [
  piece(
    'a wait for a time',
    ofClass("await saga.sleep('a while', '1h'); await saga.until('then', new Date(input.at));"),
  ),
  piece('const at = await saga.now(); const day = new Date(at).getUTCDay();'),
  piece("const at = await saga.note('when', () => Date.now());"),
  piece("const page = await saga.note('page', async () => (await fetch(input)).status);"),
  piece(
    'a function that saga.note is given by name',
    workflow("await saga.note('when', now);", 'const now = () => Date.now();'),
  ),
  piece('const later = Math.max(1, 2); const when = Date.parse(input); const at = Date.UTC(2027, 1);'),
  piece('a name of its own', workflow("const fetch = async (name) => await saga.run(name, input); await fetch('a');")),
  piece(
    'the action of a tool',
    workflow('', 'const act = defineAction({ run: async () => ({ at: Date.now(), id: randomUUID() }) });'),
  ),
  piece('await DBOS.runStep(async () => Math.random());'),
];

const keeping: readonly Case[] = [
  piece('catch { return null; }'),
  piece('catch (error) { console.log(error); }'),
  piece('catch (error) { throw new Error("worse"); }'),
  piece('catch (error) { throw new Error("worse", { cause: error }); }'),
  piece('catch (error) { if (input) return 1; throw error; }'),
  piece('catch (error) { if (error instanceof FailureError) return 1; }'),
  piece('catch (error) { if (error instanceof TypeError) throw error; }'),
  piece('catch (error) { if (!(error instanceof FailureError) && input) throw error; }'),
  piece('catch (error) { if (error instanceof FailureError || input) return 1; throw error; }'),
  piece('catch (error) { for (;;) { break; } throw error; }'),
  piece('catch ({ message }) { throw message; }'),
].map(({ what }) => ({ what, text: caught(what) }));

const keepingInForms: readonly Case[] = [
  piece('a question in a decorated class', ofClass("try { await saga.approval({ name: 'a' }); } catch { return 1; }")),
  piece('waves', ofClass('try { await waves({}); } catch (error) { return error.failed; }')),
  piece('a wait in a task of waves', ofTask('try { await saga.wait({ message }); } catch { return 1; }')),
  piece(
    'what is no CallFailedError only',
    ofClass('try { await saga.run(charge, {}); } catch (error) { if (error instanceof CallFailedError) return 1; }'),
  ),
];

const keepingPromises: readonly Case[] = [
  piece("await saga.run('a', input).catch(() => null);"),
  piece("await saga.run('a', input).catch((error) => { if (error instanceof FailureError) return null; });"),
  piece("await saga.run('a', input).then(() => 1, () => 2);"),
  piece("await Promise.allSettled([saga.run('a', input), saga.run('b', input)]);"),
  piece("await Promise.any([saga.run('a', input), saga.run('b', input)]);"),
];

const passing: readonly Case[] = [
  piece('catch (error) { throw error; }'),
  piece('catch (error) { if (!(error instanceof FailureError)) throw error; return error.failure.code; }'),
  piece('catch (error) { if (!(error instanceof FailureError)) { throw error; } }'),
  piece("catch (error) { if (!(error instanceof FailureError) || error.failure.kind === 'ours') throw error; }"),
  piece('catch (error) { if (error instanceof FailureError) { return 1; } throw error; }'),
  piece('catch (error) { if (error instanceof FailureError && input) { return 1; } else { throw error; } }'),
  piece('catch (error) { console.log(error); { throw error; } }'),
  piece('catch (error) { if (input) { throw error; } else { throw error; } }'),
  piece('finally { console.log(1); }'),
].map(({ what }) => ({ what, text: caught(what) }));

const passingOtherwise: readonly Case[] = [
  piece(
    "await saga.run('a', input).catch((error) => { if (!(error instanceof FailureError)) throw error; return null; });",
  ),
  piece('let parsed; try { parsed = JSON.parse(input); } catch { parsed = null; }'),
  piece("await saga.note('read', async () => { try { return await read(); } catch { return null; } });"),
  piece('await saga.run("a", input).then((value) => value);'),
  piece('what docs/workflows.md shows', ofClass(shownCatch())),
];

const refused = [...nondeterminism, ...nondeterminismInForms];
const kept = [...keeping, ...keepingInForms, ...keepingPromises];
const all = [...refused, ...deterministic, ...kept, ...passing, ...passingOtherwise];
const findings = new Map<Case, readonly Finding[]>();
beforeAll(async () => {
  const found = await lintTexts(all.map(({ text }) => text));
  all.forEach((each, index) => findings.set(each, found[index] ?? []));
});

describe('no-nondeterminism', () => {
  it.each(refused)('refuses $what', (each) => {
    expect(findings.get(each)).toEqual([{ rule: 'no-nondeterminism', message: expect.stringContaining(each.remedy) }]);
  });

  it.each(deterministic)('allows $what', (each) => {
    expect(findings.get(each)).toEqual([]);
  });
});

describe('no-bare-catch', () => {
  it.each(kept)('refuses $what', (each) => {
    expect(findings.get(each)).toEqual([
      { rule: 'no-bare-catch', message: expect.stringMatching(/no outcome.*(?:FailureError|optional: true)/) },
    ]);
  });

  it.each([...passing, ...passingOtherwise])('allows $what', (each) => {
    expect(findings.get(each)).toEqual([]);
  });
});
