// Holds the map to the territory: reads every import and asserts which room may know which, and what is done only where.
import { globSync, readFileSync } from 'node:fs';
import { posix } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

interface SourceFile {
  readonly path: string;
  readonly text: string;
}

/** For each room the rooms next to its left; it may import those and whatever they may. A file right under src/ is a room of its own. */
const arrows: Readonly<Record<string, readonly string[]>> = {
  kernel: [],
  definitions: ['kernel'],
  postgres: ['kernel'],
  durable: ['postgres'],
  resilience: ['durable'],
  tools: ['definitions', 'resilience'],
  approvals: ['tools'],
  runs: ['approvals'],
  telemetry: ['runs'],
  http: ['runs'],
  config: ['kernel'],
  'crash-test': ['runs'],
  cli: ['crash-test', 'config'],
  'load-workflows': ['runs'],
  main: ['http', 'cli', 'telemetry', 'config', 'load-workflows'],
  bin: ['main', 'sandbox'],
  'crash-victim': ['main'],
  index: ['main'],
  // Beside src/: the sandbox shares nothing but words, coded workflows see the public face.
  sandbox: ['kernel'],
  workflows: ['index'],
  // The dashboard is a program of its own, in the browser: it speaks to the API.
  web: [],
};

/** Rooms for which the face hides what is behind it. */
const seesOnlyTheFace: ReadonlySet<string> = new Set(['workflows']);

interface Reservation {
  readonly what: string;
  readonly pattern: RegExp;
  /** Does the pattern read import targets, or the code? */
  readonly reads: 'imports' | 'code';
  readonly only: RegExp;
}

/** What is done in few places only. `only` matches the paths where it may be done. */
const reservations: readonly Reservation[] = [
  { what: 'DBOS', reads: 'imports', pattern: /^@dbos-inc\//, only: /^(src\/durable|workflows)\// },
  {
    what: 'DBOS internals',
    reads: 'imports',
    pattern: /^@dbos-inc\/.*\/internal/,
    only: /^src\/durable\/internals\.ts$/,
  },
  {
    what: 'queries',
    reads: 'code',
    pattern:
      /\.raw\(|\.query\(|\b(?:knex|trx|db)\(\s*['"`]|\b(?:insert into|delete from|update|from|join) (?:breakwater|dbos)\./,
    only: /^(src\/(postgres|durable)\/|.*-store\.ts$)/,
  },
  {
    what: 'database drivers',
    reads: 'code',
    pattern: /^import (?!type\b).* from '(?:pg|knex)'/m,
    only: /^(src\/(postgres|durable)\/|.*-store\.ts$)/,
  },
  // The CLI and the crash test call our own API, never a vendor.
  { what: 'outbound HTTP', reads: 'imports', pattern: /^undici$/, only: /^src\/(tools|cli)\// },
  {
    what: "Node's HTTP",
    reads: 'code',
    pattern: /^import (?!type\b).* from 'node:https?'/m,
    only: /^(src\/(tools|http)|sandbox)\//,
  },
  {
    what: 'fetch',
    reads: 'code',
    pattern: /(?<![.\w])fetch\(/,
    only: /^(src\/(tools|cli|crash-test)|web\/src\/api)\//,
  },
  {
    what: 'text as markup',
    reads: 'code',
    pattern: /innerHTML|outerHTML|insertAdjacentHTML|document\.write|srcdoc|\beval\(|new Function\(/i,
    only: /^(?!web\/)/,
  },
  { what: 'the environment', reads: 'code', pattern: /\bprocess\.env\b/, only: /^src\/(config|main|bin)\.ts$/ },
  {
    what: 'logs and metrics',
    reads: 'imports',
    pattern: /^(pino|prom-client|@opentelemetry\/.*)$/,
    only: /^src\/telemetry\//,
  },
  { what: 'the web framework', reads: 'imports', pattern: /^@?fastify/, only: /^(src\/http|sandbox)\// },
  {
    what: 'input and output in pure rooms',
    reads: 'imports',
    pattern: /^node:(?!crypto$)/,
    only: /^(?!src\/(kernel|definitions)\/)/,
  },
  {
    what: 'imports by a computed name',
    reads: 'code',
    pattern: /\bimport\s*\(\s*[^'"\s]/,
    only: /^src\/(postgres\/migrate|load-workflows)\.ts$/, // the numbered migrations, the workflows folder
  },
];

const IMPORT = /\b(?:from|import)\s*\(?\s*['"]([^'"]+)['"]/g;

function violationsOf(file: SourceFile): string[] {
  const code = withoutComments(file.text);
  const targets = [...code.matchAll(IMPORT)].map(([, target = '']) => target);
  const found = [
    ...targets.flatMap((target) => arrowViolation(file.path, target)),
    ...reservations.flatMap((reservation) => reservationViolation(file.path, code, targets, reservation)),
    ...(file.text.startsWith('// ') ? [] : ['does not open with a sentence about itself']),
  ];
  return found.map((violation) => `${file.path} ${violation}`);
}

function withoutComments(text: string): string {
  return text.replaceAll(/\/\*[\s\S]*?\*\//g, '').replaceAll(/^\s*\/\/.*$/gm, '');
}

function arrowViolation(path: string, target: string): string[] {
  if (!target.startsWith('.')) return [];
  const resolved = posix.join(posix.dirname(path), target);
  const [from, to] = [roomOf(path), roomOf(resolved)];
  if (from === to) return [];
  if (!reachable(from).has(to)) return [`imports ${to}, which is not to the left of ${from}`];
  const faces = [`src/${to}/index.ts`, `src/${to}.ts`, `${to}/index.ts`];
  return faces.includes(resolved) ? [] : [`imports ${resolved} past the room's index.ts`];
}

function roomOf(path: string): string {
  const [top = '', inner = ''] = path.split('/');
  return top === 'src' ? inner.replace(/\.ts$/, '') : top;
}

function reachable(room: string): ReadonlySet<string> {
  const next = arrows[room] ?? [];
  return new Set(seesOnlyTheFace.has(room) ? next : next.flatMap((left) => [left, ...reachable(left)]));
}

function reservationViolation(
  path: string,
  code: string,
  targets: readonly string[],
  reservation: Reservation,
): string[] {
  const { what, reads, pattern, only } = reservation;
  const used = reads === 'imports' ? targets.some((target) => pattern.test(target)) : pattern.test(code);
  return used && !only.test(path) ? [`uses ${what}, which belongs elsewhere`] : [];
}

function sourceFiles(): SourceFile[] {
  const root = fileURLToPath(new URL('..', import.meta.url));
  return globSync('{src,workflows,sandbox,web}/**/*.{ts,tsx}', { cwd: root }).map((path) => ({
    path: path.replaceAll('\\', '/'),
    text: readFileSync(posix.join(root, path), 'utf8'),
  }));
}

describe('the tree', () => {
  const files = sourceFiles();

  it('keeps the arrows and the reservations', () => {
    expect(files.flatMap(violationsOf)).toEqual([]);
  });

  it('has no room that the map does not name', () => {
    expect(files.map(({ path }) => roomOf(path)).filter((room) => !(room in arrows))).toEqual([]);
  });

  it('is really read', () => {
    const kernel = files.find(({ path }) => path === 'src/kernel/index.ts');

    expect([...(kernel?.text ?? '').matchAll(IMPORT)].map(([, target]) => target)).toContain('./error.ts');
  });
});

describe('the arrows', () => {
  it('form no cycle and lead to the kernel alone', () => {
    for (const room of Object.keys(arrows)) {
      expect(reachable(room).has(room)).toBe(false);
      if (!['kernel', 'workflows', 'web'].includes(room)) expect(reachable(room)).toContain('kernel');
    }
  });

  it.each([
    ['src/kernel/id.ts', `import { compile } from '../definitions/index.ts';`, 'not to the left of kernel'],
    ['src/definitions/compile.ts', `export * from '../postgres/index.ts';`, 'not to the left of definitions'],
    ['src/durable/step.ts', `import type { Plan } from '../definitions/index.ts';`, 'not to the left of durable'],
    ['src/tools/github.ts', `const runs = await import('../runs/index.ts');`, 'not to the left of tools'],
    ['src/runs/runs.ts', `import { routes } from '../http/index.ts';`, 'not to the left of runs'],
    ['src/http/server.ts', `import { log } from '../telemetry/index.ts';`, 'not to the left of http'],
    ['src/cli/start.ts', `import { start } from '../main.ts';`, 'not to the left of cli'],
    ['src/approvals/decide.ts', `import { loadConfig } from '../config.ts';`, 'not to the left of approvals'],
    ['workflows/payment.ts', `import { runStep } from '../src/durable/index.ts';`, 'not to the left of workflows'],
    ['src/runs/runs.ts', `import { backoffMs } from '../resilience/backoff.ts';`, `past the room's index.ts`],
    ['src/main.ts', `import { openPool } from './postgres/pool.ts';`, `past the room's index.ts`],
    ['src/runs/saga.ts', `import { DBOS } from '@dbos-inc/dbos-sdk';`, 'uses DBOS'],
    ['src/durable/step.ts', `import { x } from '@dbos-inc/dbos-sdk/internal/system_database';`, 'uses DBOS internals'],
    ['src/runs/runs.ts', `const rows = await trx('breakwater.run').select();`, 'uses queries'],
    ['src/approvals/decide.ts', 'await db.raw(`update breakwater.approval set status = ?`, [status]);', 'uses queries'],
    ['src/http/server.ts', `import pg from 'pg';`, 'uses database drivers'],
    ['src/approvals/notify.ts', `import { request } from 'undici';`, 'uses outbound HTTP'],
    ['src/approvals/notify.ts', `import { get } from 'node:https';`, `uses Node's HTTP`],
    ['src/approvals/notify.ts', `await fetch(url);`, 'uses fetch'],
    ['src/tools/github.ts', `const token = process.env.GITHUB_TOKEN;`, 'uses the environment'],
    ['src/resilience/breaker.ts', `import pino from 'pino';`, 'uses logs and metrics'],
    ['src/runs/runs.ts', `import type { FastifyRequest } from 'fastify';`, 'uses the web framework'],
    [
      'src/definitions/source.ts',
      `import { readFile } from 'node:fs/promises';`,
      'uses input and output in pure rooms',
    ],
    ['src/tools/registry.ts', 'await import(`./${name}.ts`);', 'uses imports by a computed name'],
    ['web/src/pages/run.tsx', `import { RUN_STATUSES } from '../../../src/runs/index.ts';`, 'not to the left of web'],
    ['web/src/parts/json.tsx', `const answer = await fetch('/v1/runs');`, 'uses fetch'],
    ['web/src/parts/json.tsx', `return <p dangerouslySetInnerHTML={{ __html: text }} />;`, 'uses text as markup'],
  ])('report in %s: %s', (path, line, violation) => {
    expect(violationsOf({ path, text: `// A planted file.\n${line}\n` })).toEqual([expect.stringContaining(violation)]);
  });

  it.each([
    ['src/runs/runs.ts', `import { compile } from '../definitions/index.ts';`],
    ['src/runs/runs.ts', `import type { Knex } from 'knex';`],
    ['src/runs/run-store.ts', `return trx('breakwater.run').where({ id });`],
    ['src/runs/runs.ts', `// Was: import { DBOS } from '@dbos-inc/dbos-sdk';`],
    ['src/main.ts', `import { loadConfig } from './config.ts';`],
    ['workflows/payment.ts', `import { activity } from '../src/index.ts';`],
  ])('allow in %s: %s', (path, line) => {
    expect(violationsOf({ path, text: `// A planted file.\n${line}\n` })).toEqual([]);
  });

  it('report a file that does not say what it is', () => {
    expect(violationsOf({ path: 'src/runs/runs.ts', text: 'export const a = 1;\n' })).toEqual([
      'src/runs/runs.ts does not open with a sentence about itself',
    ]);
  });
});
