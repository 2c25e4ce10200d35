// Reads the files a command is given: definitions as text, inputs as JSON.
import { readFile } from 'node:fs/promises';
import { extname } from 'node:path';
import { z } from 'zod';
import { findUnsafe, messageOf, type Json } from '../kernel/index.ts';
import { WrongUse } from './failure.ts';

export interface DefinitionFile {
  readonly file: string;
  readonly source: string;
  readonly format: 'yaml' | 'json';
}

export async function readDefinition(file: string): Promise<DefinitionFile> {
  return { file, source: await readText(file), format: extname(file) === '.json' ? 'json' : 'yaml' };
}

/** An absent file is an empty input. */
export async function readInput(file: string | undefined): Promise<Json> {
  if (file === undefined) return {};
  return parseInput(file, await readText(file));
}

/** `from` names the text in what is said about it. */
export function parseInput(from: string, text: string): Json {
  const value = parseJson(from, text);
  const unsafe = findUnsafe(value);
  if (unsafe) throw new WrongUse(`${from}${unsafe.path && ` at ${unsafe.path}`} ${unsafe.reason}`);
  return value;
}

async function readText(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    throw new WrongUse(`${file} cannot be read: ${messageOf(error)}`, { cause: error });
  }
}

function parseJson(file: string, text: string): Json {
  try {
    return z.custom<Json>().parse(JSON.parse(text));
  } catch (error) {
    throw new WrongUse(`${file} is not JSON: ${messageOf(error)}`, { cause: error });
  }
}
