// Reads the text of a definition, YAML or JSON, into plain JSON and remembers where each value stood. The text is untrusted: it is
// bounded before it is parsed, and the parser's own conversion to JavaScript is never used (`{{{…` keeps that busy for minutes).
// Measured: the slowest document within these limits parses in well under 250 ms, so no worker thread is needed.
import { Lexer, LineCounter, isAlias, isMap, isScalar, isSeq, parseDocument } from 'yaml';
import type { Document, ParsedNode, YAMLMap, YAMLSeq } from 'yaml';
import { FORBIDDEN_KEYS, findUnsafe, messageOf } from '../kernel/index.ts';
import type { Json } from '../kernel/index.ts';
import { pointerOf } from './path.ts';
import type { Path, Position } from './path.ts';

export type SourceFormat = 'yaml' | 'json';

/** 64 KiB of UTF-8. */
export const MAX_SOURCE_BYTES = 65_536;
/** Every map, list, key and scalar counts. */
export const MAX_NODES = 5_000;
const MAX_DEPTH = 32;
// Three to four lexical tokens make a node; more than that cannot become a document within MAX_NODES.
const MAX_TOKENS = 4 * MAX_NODES;
// White space and comments included.
const MAX_LEXEMES = 8 * MAX_NODES;
// A text this broken is not made clearer by a longer list.
const MAX_SYNTAX_PROBLEMS = 20;

const SAFE_TAGS = new Set(
  ['str', 'int', 'float', 'bool', 'null', 'map', 'seq'].map((name) => `tag:yaml.org,2002:${name}`),
);

export interface SourceProblem {
  readonly position: Position;
  readonly path: Path;
  readonly message: string;
}

export interface ParsedSource {
  /** Undefined when the text is no document at all. */
  readonly value: Json | undefined;
  readonly problems: readonly SourceProblem[];
  /** Where the value at a path stands, or its key; the nearest enclosing value when there is nothing at that path. */
  locate(path: Path, part?: 'key' | 'value'): Position;
}

export function parseSource(text: string, format?: SourceFormat): ParsedSource {
  const refusal = refuseBySize(text) ?? refuseByJson(text, format) ?? refuseByTokens(text);
  if (refusal) return nothing([refusal]);
  const lines = new LineCounter();
  const document = parseYaml(spaced(text), lines);
  if (!document)
    return nothing([
      { position: { line: 1, column: 1 }, path: [], message: `is nested deeper than ${MAX_DEPTH} levels` },
    ]);
  const reader = new Reader(lines);
  const syntax = syntaxProblems(document, reader);
  if (syntax.length > 0) return nothing(syntax);
  const value = reader.read(document.contents, [], 0);
  return { value, problems: reader.problems, locate: (path, part) => reader.locate(path, part) };
}

function nothing(problems: readonly SourceProblem[]): ParsedSource {
  return { value: undefined, problems, locate: () => ({ line: 1, column: 1 }) };
}

function atStart(message: string): SourceProblem {
  return { position: { line: 1, column: 1 }, path: [], message };
}

function refuseBySize(text: string): SourceProblem | undefined {
  const bytes = Buffer.byteLength(text);
  if (bytes > MAX_SOURCE_BYTES)
    return atStart(`the document has ${bytes} bytes; at most ${MAX_SOURCE_BYTES} are accepted`);
  const nul = text.indexOf('\u0000');
  return nul < 0 ? undefined : { ...atStart('the document contains a NUL character'), position: positionIn(text, nul) };
}

// YAML reads nearly all JSON, but also much that is not JSON.
function refuseByJson(text: string, format: SourceFormat | undefined): SourceProblem | undefined {
  if (format !== 'json') return undefined;
  try {
    JSON.parse(text);
    return undefined;
  } catch (error) {
    const offset = /position (\d+)/.exec(messageOf(error))?.[1];
    return { ...atStart(`is not JSON: ${messageOf(error)}`), position: positionIn(text, Number(offset ?? 0)) };
  }
}

// The lexer is linear and yields as it goes: a bomb is refused after its first tokens.
function refuseByTokens(text: string): SourceProblem | undefined {
  let lexemes = 0;
  let tokens = 0;
  let depth = 0;
  let offset = 0;
  for (const lexeme of new Lexer().lex(spaced(text))) {
    lexemes++;
    if (lexeme === '[' || lexeme === '{') depth++;
    if (lexeme === ']' || lexeme === '}') depth--;
    if (lexeme.trim() !== '' && !lexeme.startsWith('#')) tokens++;
    const position = (): Position => positionIn(text, offset);
    if (depth > MAX_DEPTH) return { ...atStart(`is nested deeper than ${MAX_DEPTH} levels`), position: position() };
    if (tokens > MAX_TOKENS || lexemes > MAX_LEXEMES)
      return { ...atStart(`has more than ${MAX_NODES} values and keys`), position: position() };
    if (!MARKERS.has(lexeme)) offset += lexeme.length;
  }
  return undefined;
}

// What the lexer inserts between tokens: byte order mark, document, end of flow, scalar.
const MARKERS = new Set(['\u0002', '\u0018', '\u001f']);

// JSON may be indented with tabs, YAML may not. Where a document is JSON, a raw tab is white space, so columns stay as they are.
function spaced(text: string): string {
  return text.trimStart().startsWith('{') ? text.replaceAll('\t', ' ') : text;
}

function parseYaml(text: string, lineCounter: LineCounter): Document.Parsed | undefined {
  try {
    // The library's own check of unique keys is quadratic; Reader has a linear one.
    return parseDocument(text, {
      lineCounter,
      uniqueKeys: false,
      prettyErrors: false,
      merge: false,
      // Of a set or an ordered map the library makes nodes that stand nowhere.
      resolveKnownTags: false,
      stringKeys: true,
      version: '1.2',
      schema: 'core',
      logLevel: 'error',
    });
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

function syntaxProblems(document: Document.Parsed, reader: Reader): SourceProblem[] {
  // Tags are reported by Reader in our own words.
  const faults = [...document.errors, ...document.warnings].filter((fault) => fault.code !== 'TAG_RESOLVE_FAILED');
  return faults
    .slice(0, MAX_SYNTAX_PROBLEMS)
    .map((fault) => ({ position: reader.positionAt(fault.pos[0]), path: [], message: fault.message }));
}

function positionIn(text: string, offset: number): Position {
  const before = text.slice(0, offset);
  return { line: before.split('\n').length, column: offset - before.lastIndexOf('\n') };
}

type Node = ParsedNode | null;

// Walks the parsed nodes once: JSON out, places remembered, everything that is not plain JSON refused.
class Reader {
  readonly problems: SourceProblem[] = [];
  readonly #lines: LineCounter;
  readonly #keys = new Map<string, number>();
  readonly #values = new Map<string, number>();
  #nodes = 0;

  constructor(lines: LineCounter) {
    this.#lines = lines;
  }

  positionAt(offset: number): Position {
    const { line, col } = this.#lines.linePos(offset);
    return { line: Math.max(1, line), column: Math.max(1, col) };
  }

  locate(path: Path, part: 'key' | 'value' = 'value'): Position {
    for (let depth = path.length; depth >= 0; depth--) {
      const pointer = pointerOf(path.slice(0, depth));
      const exact = depth === path.length;
      const offset =
        part === 'key' && exact ? this.#keys.get(pointer) : (this.#values.get(pointer) ?? this.#keys.get(pointer));
      if (offset !== undefined) return this.positionAt(offset);
    }
    return { line: 1, column: 1 };
  }

  read(node: Node, path: Path, depth: number): Json {
    this.#nodes++;
    if (node) this.#values.set(pointerOf(path), node.range[0]);
    if (this.#tooMuch(node, path, depth)) return null;
    if (node && isAlias(node)) return this.#refuse(node, path, 'aliases are not accepted; write the value out');
    this.#checkProperties(node, path);
    if (isMap(node)) return this.#readMap(node, path, depth);
    if (isSeq(node)) return this.#readList(node, path, depth);
    return isScalar(node) ? this.#readScalar(node.value, node, path) : null;
  }

  #tooMuch(node: Node, path: Path, depth: number): boolean {
    if (this.#nodes === MAX_NODES + 1) this.#refuse(node, path, `has more than ${MAX_NODES} values and keys`);
    if (depth > MAX_DEPTH) this.#refuse(node, path, `is nested deeper than ${MAX_DEPTH} levels`);
    return this.#nodes > MAX_NODES || depth > MAX_DEPTH;
  }

  #checkProperties(node: Node, path: Path): void {
    if (!node || isAlias(node)) return;
    if (node.anchor !== undefined) this.#refuse(node, path, `anchors are not accepted: &${node.anchor}`);
    if (node.tag !== undefined && !SAFE_TAGS.has(node.tag))
      this.#refuse(node, path, `tags are not accepted: ${node.tag}`);
  }

  #readMap(map: YAMLMap.Parsed, path: Path, depth: number): Json {
    const members = new Map<string, Json>();
    for (const { key, value } of map.items) {
      const name = this.#readKey(key, path, members);
      if (name === undefined) continue;
      members.set(name, this.read(value, [...path, name], depth + 1));
      if (this.#nodes > MAX_NODES) break;
    }
    return Object.fromEntries(members);
  }

  #readKey(key: ParsedNode, path: Path, seen: ReadonlyMap<string, Json>): string | undefined {
    this.#nodes++;
    if (!isScalar(key) || typeof key.value !== 'string') return this.#refuseKey(key, path, 'keys must be plain text');
    const name = key.value;
    this.#checkProperties(key, path);
    if (name === '<<') return this.#refuseKey(key, path, 'merge keys are not accepted; write the keys out');
    if (FORBIDDEN_KEYS.has(name)) return this.#refuseKey(key, path, `"${name}" is a reserved key`);
    const unsafe = findUnsafe(name);
    if (unsafe) return this.#refuseKey(key, path, `a key ${unsafe.reason}`);
    if (seen.has(name)) return this.#refuseKey(key, path, `the key "${name}" appears twice`);
    this.#keys.set(pointerOf([...path, name]), key.range[0]);
    return name;
  }

  #readList(list: YAMLSeq.Parsed, path: Path, depth: number): Json {
    const items: Json[] = [];
    for (const [index, item] of list.items.entries()) {
      items.push(this.read(item, [...path, index], depth + 1));
      if (this.#nodes > MAX_NODES) break;
    }
    return items;
  }

  #readScalar(value: unknown, node: ParsedNode, path: Path): Json {
    if (typeof value === 'string') return this.#readText(value, node, path);
    if (typeof value === 'boolean' || value === null) return value;
    if (typeof value !== 'number' || !Number.isFinite(value)) return this.#refuse(node, path, 'is not a JSON value');
    if (Number.isInteger(value) && !Number.isSafeInteger(value)) {
      return this.#refuse(node, path, 'is an integer beyond 2^53, which would lose digits; quote it');
    }
    return value;
  }

  // Written as an escape it passes the check of the text itself; Postgres would refuse it.
  #readText(value: string, node: ParsedNode, path: Path): Json {
    const unsafe = findUnsafe(value);
    return unsafe ? this.#refuse(node, path, unsafe.reason) : value;
  }

  #refuse(node: Node, path: Path, message: string): null {
    this.problems.push({ position: this.positionAt(node?.range[0] ?? 0), path, message });
    return null;
  }

  #refuseKey(node: ParsedNode, path: Path, message: string): undefined {
    this.#refuse(node, path, message);
  }
}
