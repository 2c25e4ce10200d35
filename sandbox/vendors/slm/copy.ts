// Writes marketing copy from a brief: a phrase for every kind of field, in the brief's tone. Pure and deterministic.
import type { Brief, Tone } from './brief.ts';

interface Voice {
  readonly greeting: string;
  readonly promises: readonly string[];
  readonly calls: readonly string[];
  readonly closing: string;
}

const VOICES: Readonly<Record<Tone, Voice>> = {
  professional: {
    greeting: 'Good morning',
    promises: [
      'helps your team deliver with confidence',
      'turns a plan into results you can report',
      'keeps every commitment visible',
    ],
    calls: ['Request a walkthrough', 'Arrange a conversation', 'See what it changes for your team'],
    closing: 'With kind regards',
  },
  casual: {
    greeting: 'Hey there',
    promises: ['takes the boring bits off your plate', 'just gets out of your way', 'makes Mondays feel shorter'],
    calls: ['Come and have a look', 'Give it a spin', 'Say hello and try it'],
    closing: 'See you soon',
  },
  technical: {
    greeting: 'Hello',
    promises: [
      'cuts the steps between commit and customer',
      'exposes every state through one API',
      'measures itself, so that you need not guess',
    ],
    calls: ['Read the documentation', 'Clone the example', 'Run the benchmark yourself'],
    closing: 'From the engineering team',
  },
};

/** Which phrase a field's name asks for; the first that fits. */
const PHRASES: readonly (readonly [RegExp, (brief: Brief) => string])[] = [
  [/subject/, ({ name, ...brief }) => `${name}: ${lowerFirst(pick(VOICES[brief.tone].calls, brief.seed))}`],
  [
    /headline|title|heading/,
    (brief) =>
      pick([`${brief.name}, made for ${brief.audience}`, `Meet ${brief.name}`, `${brief.name} is here`], brief.seed),
  ],
  [/tagline|slogan|motto/, (brief) => `${brief.name} ${promiseOf(brief)}.`],
  [
    /outline|agenda/,
    (brief) =>
      pointsOf(brief, 5)
        .map((point, index) => `${index + 1}. ${point}`)
        .join('\n'),
  ],
  [
    /social|post|tweet|caption/,
    (brief) => `${brief.name} ${promiseOf(brief)}. For ${brief.audience}. ${callOf(brief)}!`,
  ],
  [/audience/, ({ audience }) => audience],
  [/tone|voice/, ({ tone }) => tone],
  [/\bname\b/, ({ name }) => name],
  [/call|cta|button/, (brief) => callOf(brief)],
  [/body|content|email|article|text|html/, (brief) => bodyOf(brief)],
];

/** A text for a field by its name, e.g. `email_subject`. */
export function phraseFor(field: string, brief: Brief): string {
  const words = field
    .replace(/([a-z])([A-Z])/g, '$1 $2')
    .replace(/[_-]+/g, ' ')
    .toLowerCase();
  const phrase = PHRASES.find(([fits]) => fits.test(words))?.[1];
  return phrase
    ? phrase(brief)
    : `${upperFirst(words || 'summary')}: ${brief.name} ${promiseOf(brief)}, for ${brief.audience}.`;
}

/** Up to `count` different points, one sentence each. */
export function pointsOf(brief: Brief, count: number): string[] {
  const { name, audience, goals, tone } = brief;
  const { promises, calls } = VOICES[tone];
  const points = [
    `Why ${name} matters to ${audience}`,
    ...goals.map((goal) => `How ${name} serves the goal: ${goal}`),
    ...promises.map((promise) => `${name} ${promise}`),
    ...calls.map((call) => `Next step: ${lowerFirst(call)}`),
  ];
  return Array.from(
    { length: count },
    (_, index) => points[index] ?? `More about ${name}, part ${index - points.length + 1}`,
  );
}

/** A whole message of three paragraphs. */
export function bodyOf(brief: Brief): string {
  const { name, audience, goals, tone } = brief;
  const { greeting, promises, closing } = VOICES[tone];
  const aims = goals.length > 0 ? ` We set out to ${goals.map(lowerFirst).join(' and to ')}.` : '';
  return [
    `${greeting},`,
    `${name} is for ${audience}. It ${promises.join(', ')}.${aims}`,
    `${callOf(brief)}: your reply reaches the people who built it.`,
    closing,
  ].join('\n\n');
}

function promiseOf({ tone, seed }: Brief): string {
  return pick(VOICES[tone].promises, seed);
}

function callOf({ tone, seed }: Brief): string {
  return pick(VOICES[tone].calls, seed);
}

function pick(options: readonly string[], seed: number): string {
  return options[seed % options.length] ?? '';
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}

function upperFirst(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
