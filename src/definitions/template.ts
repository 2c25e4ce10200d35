// A value with holes: compiled from what the document says, rendered on a scope.
import { FailureError, failure, isJsonObject } from '../kernel/index.ts';
import type { Json } from '../kernel/index.ts';
import { readCel } from './cel-syntax.ts';
import { evaluate } from './expression.ts';
import { checkLiquid, renderLiquid, type Markup } from './liquid-text.ts';
import type { Path } from './path.ts';
import type { Scope, Template } from './plan.ts';

/** A hole of a template: where it is, in which language, and its source. */
export interface Hole {
  readonly path: Path;
  readonly language: 'cel' | 'liquid';
  readonly source: string;
  /** What its text becomes part of; absent: plain text. */
  readonly markup?: Markup;
}

export interface CompiledTemplate {
  readonly template: Template;
  readonly problems: readonly { readonly path: Path; readonly message: string }[];
}

const RESERVED = ['$cel', '$liquid', '$unresolved'] as const;
const WRAPPED = /^\$\{\{([\s\S]*)\}\}$/;

/** Exactly one `${{ }}` is CEL and keeps its type; text with `{{` or `{%` is Liquid; everything else is itself. */
export function compileTemplate(value: Json): CompiledTemplate {
  const problems: { path: Path; message: string }[] = [];
  const template = compileValue(value, [], (path, message) => problems.push({ path, message }));
  return { template, problems };
}

type Report = (path: Path, message: string) => void;

function compileValue(value: Json, path: Path, report: Report): Template {
  if (typeof value === 'string') return compileText(value, path, report);
  if (typeof value !== 'object' || value === null) return value;
  if (!isJsonObject(value)) return value.map((item, index) => compileValue(item, [...path, index], report));
  for (const key of RESERVED) if (Object.hasOwn(value, key)) report([...path, key], `"${key}" is a reserved key`);
  return Object.fromEntries(
    Object.entries(value).map(([key, member]) => [key, compileValue(member, [...path, key], report)]),
  );
}

function compileText(text: string, path: Path, report: Report): Template {
  const inner = unwrap(text);
  if (inner !== undefined) return compileHole('$cel', inner, path, report);
  if (text.includes('${{')) {
    report(path, '${{ }} must be the whole value; inside longer text write {{ }}');
    return text;
  }
  return text.includes('{{') || text.includes('{%') ? compileHole('$liquid', text, path, report) : text;
}

function compileHole(language: '$cel' | '$liquid', source: string, path: Path, report: Report): Template {
  const parsed = language === '$cel' ? readCel(source) : undefined;
  const fault = language === '$liquid' ? checkLiquid(source) : parsed && !parsed.ok ? parsed.message : undefined;
  if (fault !== undefined) report(path, `expression ${fault}`);
  return { [language]: source };
}

/** The CEL inside exactly one `${{ }}`, or undefined. */
export function unwrap(text: string): string | undefined {
  const inner = WRAPPED.exec(text.trim())?.[1];
  return inner === undefined || inner.includes('${{') ? undefined : inner.trim();
}

/** The value with its holes filled; throws a FailureError with code `EXPRESSION`. */
export function renderTemplate(template: Template, scope: Scope): Json {
  return mapHoles(template, (hole) => {
    return hole.language === 'cel'
      ? evaluate({ cel: hole.source }, scope)
      : renderLiquid(hole.source, scope, hole.markup);
  });
}

/** Rendered text; anything but a string fails. */
export function renderText(template: Template, scope: Scope): string {
  const value = renderTemplate(template, scope);
  if (typeof value === 'string') return value;
  throw new FailureError(failure('EXPRESSION', `a text is needed here, not ${JSON.stringify(value).slice(0, 80)}`));
}

export function holesOf(template: Template): readonly Hole[] {
  const holes: Hole[] = [];
  mapHoles(template, (hole) => {
    holes.push(hole);
    return null;
  });
  return holes;
}

/** The same value with every hole replaced. */
export function mapHoles(template: Template, replace: (hole: Hole) => Json): Json {
  return mapValue(template, [], replace);
}

function mapValue(template: Template, path: Path, replace: (hole: Hole) => Json): Json {
  if (typeof template !== 'object' || template === null) return template;
  if (!isJsonObject(template)) return template.map((item, index) => mapValue(item, [...path, index], replace));
  const hole = holeAt(template, path);
  if (hole) return replace(hole);
  return Object.fromEntries(
    Object.entries(template).map(([key, member]) => [key, mapValue(member, [...path, key], replace)]),
  );
}

/** The hole that a template value is, if it is one. */
export function holeAt(template: Template, path: Path = []): Hole | undefined {
  if (!isJsonObject(template)) return undefined;
  const { $cel, $liquid, markup } = template;
  if (typeof $cel === 'string') return { path, language: 'cel', source: $cel };
  if (typeof $liquid !== 'string') return undefined;
  const hole = { path, language: 'liquid', source: $liquid } as const;
  return markup === 'html' || markup === 'mrkdwn' ? { ...hole, markup } : hole;
}
