// HTML as a template literal in which everything put in is escaped, unless it is HTML already. Pure. Not called `html`: a
// formatter would lay such a literal out anew, and white space matters here.
import { escapeHtml } from '../kernel/index.ts';

export class Markup {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

type Part = Markup | string | number | undefined | readonly Markup[];

export function markup(strings: TemplateStringsArray, ...parts: readonly Part[]): Markup {
  return new Markup(strings.map((text, index) => (index === 0 ? text : show(parts[index - 1]) + text)).join(''));
}

function show(part: Part): string {
  if (part instanceof Markup) return part.text;
  if (typeof part === 'object') return part.map((item) => item.text).join('');
  return part === undefined ? '' : escapeHtml(String(part));
}
