// What the compiler found: problems refuse the definition, warnings go along with it. Each knows its line and column.
import { didYouMean } from '../kernel/index.ts';
import type { Problem } from '../kernel/index.ts';
import { pointerOf } from './path.ts';
import type { Path, Position } from './path.ts';
import type { ParsedSource } from './source.ts';

type Part = 'key' | 'value';

// Each name is compared with each candidate; a document of a thousand slips gets no hints for the last of them.
const MAX_COMPARISONS = 20_000;
const MAX_NAME_LENGTH = 128;

export class Findings {
  readonly #source: Pick<ParsedSource, 'locate'>;
  readonly #fileName: string | undefined;
  readonly #problems: Problem[] = [];
  readonly #warnings: Problem[] = [];
  readonly #damaged = new Set<string>();
  #comparisons = 0;

  /** With a file name a problem's path reads `file:line:column`; without, it is a JSON pointer. */
  constructor(source: Pick<ParsedSource, 'locate'>, fileName?: string) {
    this.#source = source;
    this.#fileName = fileName;
  }

  /** In the order of the text. */
  get problems(): readonly Problem[] {
    return this.#problems.toSorted(byPosition);
  }

  get warnings(): readonly Problem[] {
    return this.#warnings.toSorted(byPosition);
  }

  problem(path: Path, message: string, part: Part = 'value'): void {
    if (!this.isDamaged(path)) this.#problems.push(this.#located(path, message, this.#source.locate(path, part)));
  }

  problemAt(position: Position, path: Path, message: string): void {
    this.#problems.push(this.#located(path, message, position));
  }

  warning(path: Path, message: string, part: Part = 'value'): void {
    if (!this.isDamaged(path)) this.#warnings.push(this.#located(path, message, this.#source.locate(path, part)));
  }

  /** `; did you mean "x"?` or nothing. */
  didYouMean(name: string, candidates: readonly string[]): string {
    this.#comparisons += candidates.length;
    return this.#comparisons > MAX_COMPARISONS || name.length > MAX_NAME_LENGTH ? '' : didYouMean(name, candidates);
  }

  /** Where the value at a path stands. */
  lineOf(path: Path): number {
    return this.#source.locate(path).line;
  }

  /** From here on nothing is said about this place: what stands there is a stand-in for what was reported. */
  damage(path: Path): void {
    this.#damaged.add(pointerOf(path));
  }

  isDamaged(path: Path): boolean {
    return (
      this.#damaged.size > 0 && [...path, ''].some((_, depth) => this.#damaged.has(pointerOf(path.slice(0, depth))))
    );
  }

  #located(path: Path, message: string, { line, column }: Position): Problem {
    const where = this.#fileName === undefined ? pointerOf(path) : `${this.#fileName}:${line}:${column}`;
    return { path: where, line, column, message };
  }
}

function byPosition(a: Problem, b: Problem): number {
  return (a.line ?? 0) - (b.line ?? 0) || (a.column ?? 0) - (b.column ?? 0);
}
