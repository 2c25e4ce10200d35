// What a prompt asks to be written about: name, audience, tone and goals, found in labelled lines, JSON or plain prose. Pure.
import { sha256 } from '../../../src/kernel/index.ts';

export interface Brief {
  readonly name: string;
  readonly audience: string;
  readonly tone: Tone;
  readonly goals: readonly string[];
  /** Chooses among equally good phrases: the same prompt gives the same text, another prompt another. */
  readonly seed: number;
}

const TONES = ['professional', 'casual', 'technical'] as const;
export type Tone = (typeof TONES)[number];

const LABELS = {
  name: /^\W*(?:campaign[ _]?name|campaign|product|project|topic|name|title)["'*]*\s*[:=]\s*(\S.*)$/im,
  audience: /^\W*(?:target[ _]?audience|audience|readers)["'*]*\s*[:=]\s*(\S.*)$/im,
  goals: /^\W*(?:campaign[ _]?goals|goals?|objectives?)["'*]*\s*[:=]\s*(\S.*)$/im,
};
/** In order of how sure they are. */
const PROSE = {
  name: [
    /\b(?:campaign|product|project|launch)\s+(?:named\s+|called\s+)?["“'‘«]([^"”'’»\n]+)["”'’»]/i,
    /\b[Cc]ampaign\s+(?:named\s+|called\s+)?((?:[A-Z0-9][\w&-]*[^\S\n]?){1,6})/,
  ],
  audience: [
    /\b(?:target audience|audience|readers?) (?:is|are|of) ([^.;\n]+)/i,
    /\b(?:aimed at|targeting|written for|speaks? to) ([^.;\n]+)/i,
  ],
  goals: [/\bgoals? (?:is|are) ([^.;\n]+)/i, /\b(?:in order to|so as to) ([^.;\n]+)/i],
};

export function readBrief(prompt: string): Brief {
  const seed = Number.parseInt(sha256(prompt).slice(0, 8), 16);
  const find = (what: keyof typeof LABELS) => tidy(firstCapture([LABELS[what], ...PROSE[what]], prompt));
  return {
    name: cut(find('name') || subjectOf(prompt), 60),
    audience: cut(find('audience') || 'everyone who asked', 80),
    tone: toneOf(prompt),
    goals: find('goals')
      .split(/\s*[,;]\s*/)
      .map(tidy)
      .filter(Boolean)
      .slice(0, 5),
    seed,
  };
}

function firstCapture(patterns: readonly RegExp[], text: string): string {
  for (const pattern of patterns) {
    const capture = pattern.exec(text)?.[1];
    if (capture !== undefined) return capture;
  }
  return '';
}

/** The tone that is named nearest to the word "tone", else the first one named anywhere. */
function toneOf(prompt: string): Tone {
  const text = prompt.toLowerCase();
  const near = /\btone\b\W{0,4}(?:of voice\W*)?(?:is\s+|=\s*)?["']?(\w+)|(\w+)\s+tone\b/.exec(text);
  const named = TONES.find((tone) => tone === near?.[1] || tone === near?.[2]);
  return named ?? TONES.find((tone) => text.includes(tone)) ?? 'professional';
}

/** Without any label: what is quoted, else the first words of the last line. */
function subjectOf(prompt: string): string {
  const quoted = /["“«]([^"”»\n]{2,60})["”»]/.exec(prompt)?.[1];
  const lastLine = prompt.trim().split('\n').at(-1) ?? '';
  return tidy(quoted ?? lastLine.split(/\s+/).slice(0, 6).join(' ')) || 'our news';
}

function tidy(text: string): string {
  return text
    .replace(/^[\s"'“‘«[{*-]+|[\s"'”’»\]},.*]+$/g, '')
    .replace(/["']\s*,\s*["']/g, ', ')
    .replace(/\s+/g, ' ');
}

function cut(text: string, length: number): string {
  return text.length <= length ? text : text.slice(0, length).replace(/\s+\S*$/, '');
}
