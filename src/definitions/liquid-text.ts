// Texts with `{{ }}` and `{% %}`: Liquid without files, clocks, chance or anything but the data it is given.
import { Context, Liquid } from 'liquidjs';
import type { Template as LiquidNode } from 'liquidjs';
import { escapeHtml, messageOf } from '../kernel/index.ts';
import type { JsonObject } from '../kernel/index.ts';
import { expressionFailure } from './expression.ts';
import { RecentlyUsed } from './recently-used.ts';
import { viewOf } from './scope.ts';
import type { Scope } from './plan.ts';

const MAX_TEXT_LENGTH = 16_384;
/** Characters and items that rendering one text may make. */
const MEMORY_LIMIT = 4_000_000;
/** Pieces of a text that may be rendered, the turns of its loops included. Counted, not timed: the same data ends the same way. */
const MAX_PIECES = 100_000;

// They reach for other templates.
const FILE_TAGS = ['include', 'render', 'layout', 'block'];
// The same text must come out of the same data.
const CHANCE_FILTERS = ['sample'];
const DATE_FILTERS = ['date', 'date_to_xmlschema', 'date_to_rfc822', 'date_to_string', 'date_to_long_string'];

/** What a text becomes part of: there its holes may add text, but no tags, links or mentions. */
export type Markup = 'html' | 'mrkdwn';

const escapes: Readonly<Record<Markup | 'plain', (text: string) => string>> = {
  plain: (text) => text,
  html: escapeHtml,
  // All that Slack asks for: https://docs.slack.dev/messaging/formatting-message-text#escaping
  mrkdwn: (text) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;'),
};

// What escapes a hole is built into its parsed text.
const engines = { plain: createEngine('plain'), html: createEngine('html'), mrkdwn: createEngine('mrkdwn') };
const engine = engines.plain;
const parsed = new RecentlyUsed<readonly LiquidNode[]>(1_000);

function createEngine(markup: Markup | 'plain'): Liquid {
  const liquid = new Liquid({
    ownPropertyOnly: true,
    strictVariables: true,
    strictFilters: true,
    lenientIf: false,
    dynamicPartials: false,
    templates: {},
    parseLimit: MAX_TEXT_LENGTH,
    memoryLimit: MEMORY_LIMIT,
    timezoneOffset: 0,
    locale: 'en-US',
    outputEscape: (value: unknown) => escapes[markup](textOf(value)),
  });
  for (const tag of FILE_TAGS) delete liquid.tags[tag];
  for (const filter of CHANCE_FILTERS) liquid.unregisterFilter(filter);
  for (const filter of DATE_FILTERS) refuseNow(liquid, filter);
  return liquid;
}

/** What is wrong with a text, or undefined. */
export function checkLiquid(source: string): string | undefined {
  try {
    parsedPlain(source);
    return undefined;
  } catch (error) {
    return reasonOf(error);
  }
}

/** The text with its holes filled; throws a FailureError with code `EXPRESSION`. */
export function renderLiquid(source: string, scope: Scope, markup?: Markup): string {
  try {
    const nodes = markup ? parsed.get(`${markup}:${source}`, () => engines[markup].parse(source)) : parsedPlain(source);
    return String(engine.renderSync([...nodes], contextOf(viewOf(scope))));
  } catch (error) {
    throw expressionFailure(source, reasonOf(error), error);
  }
}

// A copy, since `{% increment x %}` writes into it.
function contextOf(view: JsonObject): Context {
  const context = new Context({ ...view }, engine.options, { sync: true }, { liquid: engine });
  let pieces = 0;
  // The library asks this limit before each piece, handing over the time.
  context.renderLimit.check = () => {
    pieces++;
    if (pieces > MAX_PIECES) throw new Error(`the text has more than ${MAX_PIECES} pieces on this data`);
  };
  return context;
}

/** The names a text reads from the scope, as far as they are written out: `["outputs", "research", "notes"]`. */
export function liquidPaths(source: string): readonly (readonly string[])[] {
  const { globals } = engine.analyzeSync([...parsedPlain(source)], { partials: false });
  return Object.values(globals)
    .flat()
    .map(({ segments }) => writtenOut(segments));
}

function writtenOut(segments: readonly unknown[]): string[] {
  const end = segments.findIndex((segment) => typeof segment !== 'string' && typeof segment !== 'number');
  return (end < 0 ? segments : segments.slice(0, end)).map(String);
}

function parsedPlain(source: string): readonly LiquidNode[] {
  return parsed.get(`plain:${source}`, () => engine.parse(source));
}

// Objects as JSON: Liquid would print `[object Object]`. Lists are joined, as in Liquid everywhere.
function textOf(value: unknown): string {
  if (value === null || value === undefined) return '';
  if (Array.isArray(value)) return value.map(textOf).join('');
  if (typeof value === 'object') return value instanceof Date ? value.toISOString() : JSON.stringify(value);
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function refuseNow(liquid: Liquid, name: string): void {
  const original = liquid.filters[name];
  if (typeof original !== 'function') return;
  liquid.registerFilter(name, function (value: unknown, ...args: unknown[]): unknown {
    if (value === 'now' || value === 'today')
      throw new Error(`"${value}" would differ from one reading to the next; use run.startedAt`);
    const result: unknown = original.call(this, value, ...args);
    return result;
  });
}

// `undefined variable: input.x, line:1, col:4` and the like; the position inside the text helps nobody who sees a YAML line.
function reasonOf(error: unknown): string {
  return (
    messageOf(error)
      .split('\n')[0]
      ?.replace(/, line:\d+, col:\d+$/, '') ?? 'cannot be rendered'
  );
}
