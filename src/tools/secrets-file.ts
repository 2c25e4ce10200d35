// Reads the secrets file and what it refers to: values from the environment and from files of their own. Every problem at once.
import { closeSync, fstatSync, openSync, readFileSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { didYouMean, messageOf, secretReference, type Problem } from '../kernel/index.ts';
import type { Environment } from './connect.ts';
import { MIN_SECRET_LENGTH } from './redact.ts';
import { parseSecrets, type SecretEntry } from './secrets-document.ts';

/** A secret as it is sent. */
export interface Secret extends Pick<SecretEntry, 'name' | 'tool' | 'origins' | 'tenants'> {
  /** What is hidden wherever it shows. */
  readonly value: string;
  /** The value behind its prefix. */
  readonly sent: string;
}

export interface ReadSecrets {
  readonly secrets: ReadonlyMap<string, Secret>;
  readonly problems: readonly Problem[];
  /** What was read: when one of them changes, its secrets may have. */
  readonly files: readonly string[];
}

export interface SecretsSource {
  readonly file: string;
  readonly environment: Environment;
  /** The tools that send secrets: their names by what else they are called. */
  readonly toolByName: ReadonlyMap<string, string>;
  /** Whose a secret is that names no tenant. */
  readonly defaultTenant: string;
}

export function readSecrets(source: SecretsSource): ReadSecrets {
  const { file } = source;
  const text = readPrivately(file);
  if (!text.ok) return { secrets: new Map(), problems: [{ path: file, message: text.why }], files: [file] };
  const { entries, problems } = parseSecrets(text.value, file, source.defaultTenant);
  const files = entries.flatMap((entry) => (entry.source.kind === 'file' ? [fileOf(source, entry.source.file)] : []));
  const read = entries.map((entry) => resolveEntry(entry, source));
  const secrets = read.flatMap((each) => ('secret' in each ? [[each.secret.name, each.secret] as const] : []));
  return {
    secrets: new Map(secrets),
    problems: [...problems, ...read.flatMap((each) => ('problem' in each ? [each.problem] : []))],
    files: [file, ...files],
  };
}

/** Tells one content of the files from another without reading them; why one cannot be looked at is a content too. */
export function stampOf(files: readonly string[]): string {
  return files.map(stampOfFile).join('\n');
}

function stampOfFile(file: string): string {
  try {
    const { ino, mtimeMs, size, mode } = statSync(file);
    return `${ino} ${mtimeMs} ${size} ${mode}`;
  } catch (error) {
    return messageOf(error);
  }
}

type Text = { readonly ok: true; readonly value: string } | { readonly ok: false; readonly why: string };

/** Rights of the group and of others. */
const FOREIGN_RIGHTS = 0o077;

// Its rights are those of what is read, whatever takes its place meanwhile.
function readPrivately(file: string): Text {
  return tryToRead(() => {
    const opened = openSync(file, 'r');
    try {
      const { mode } = fstatSync(opened);
      if (isPrivate(mode)) return { ok: true, value: readFileSync(opened, 'utf8') };
      const rights = (mode & 0o777).toString(8);
      return { ok: false, why: `is open to others than its owner (mode ${rights}); chmod 600 it` };
    } finally {
      closeSync(opened);
    }
  });
}

// Windows has no such rights and tells 0666 of every file.
function isPrivate(mode: number): boolean {
  return process.platform === 'win32' || (mode & FOREIGN_RIGHTS) === 0;
}

function readText(file: string): Text {
  return tryToRead(() => ({ ok: true, value: readFileSync(file, 'utf8') }));
}

function tryToRead(read: () => Text): Text {
  try {
    return read();
  } catch (error) {
    return { ok: false, why: `cannot be read: ${messageOf(error)}` };
  }
}

type Resolved = { readonly secret: Secret } | { readonly problem: Problem };

function resolveEntry(entry: SecretEntry, source: SecretsSource): Resolved {
  const { name, prefix, origins, tenants } = entry;
  const tool = source.toolByName.get(entry.tool);
  if (tool === undefined) {
    const why = `"${entry.tool}" is no tool that sends secrets${didYouMean(entry.tool, source.toolByName.keys())}`;
    return { problem: entry.problem(why) };
  }
  const read = valueOf(entry, source);
  if (!read.ok) return { problem: entry.problem(read.why) };
  const why = weakness(read.value, name);
  if (why !== undefined) return { problem: entry.problem(why) };
  return { secret: { name, tool, origins, tenants, value: read.value, sent: `${prefix}${read.value}` } };
}

function valueOf({ source }: SecretEntry, from: SecretsSource): Text {
  if (source.kind === 'value') return { ok: true, value: source.value };
  if (source.kind === 'file') {
    const text = readText(fileOf(from, source.file));
    // Editors and `echo` end a file with a line break; no secret does.
    return text.ok ? { ok: true, value: text.value.replace(/[\r\n]+$/, '') } : text;
  }
  const value = from.environment[source.variable];
  return value ? { ok: true, value } : { ok: false, why: `the environment has no ${source.variable}` };
}

/** Beside the secrets file, unless it is absolute. */
function fileOf({ file }: SecretsSource, named: string): string {
  return resolve(dirname(file), named);
}

// Whatever is hidden must be long enough not to be found in innocent texts.
function weakness(value: string, name: string): string | undefined {
  if (value.length < MIN_SECRET_LENGTH) return `has fewer than ${MIN_SECRET_LENGTH} characters`;
  if (!value.isWellFormed() || value.includes('\u0000')) return 'is no text';
  return secretReference(name).includes(value) ? 'is part of its own name' : undefined;
}
