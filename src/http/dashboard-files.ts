// The files of the built dashboard, read into memory once: each as it is, and as it was compressed when it was built.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { extname, join } from 'node:path';

export interface DashboardFile {
  readonly type: string;
  readonly plain: Buffer;
  readonly br?: Buffer;
  readonly gzip?: Buffer;
}

export interface DashboardFiles {
  readonly page: DashboardFile;
  /** By name; a name holds a hash of the content, so that what it stands for never changes. */
  readonly assets: ReadonlyMap<string, DashboardFile>;
}

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
};

/** Undefined where it was not built. */
export function readDashboard(folder: string): DashboardFiles | undefined {
  const page = join(folder, 'index.html');
  const assets = join(folder, 'assets');
  if (!existsSync(page) || !existsSync(assets)) return undefined;
  const names = readdirSync(assets).filter((name) => extname(name) in TYPES);
  return { page: readFile(page), assets: new Map(names.map((name) => [name, readFile(join(assets, name))])) };
}

function readFile(path: string): DashboardFile {
  return {
    type: TYPES[extname(path)] ?? 'application/octet-stream',
    plain: readFileSync(path),
    br: readIfThere(`${path}.br`),
    gzip: readIfThere(`${path}.gz`),
  };
}

function readIfThere(path: string): Buffer | undefined {
  return existsSync(path) ? readFileSync(path) : undefined;
}
