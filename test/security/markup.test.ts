// What a user's value may put into HTML and into Slack: text, but no tags, links or mentions, unless the author says so.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compileDefinition, renderTemplate, type Scope } from '../../src/definitions/index.ts';
import type { Json } from '../../src/kernel/index.ts';
import { createRegistry } from '../../src/tools/index.ts';
import { createSendgrid } from '../../src/tools/sendgrid.ts';
import { slack } from '../../src/tools/slack.ts';

const registry = createRegistry([slack, createSendgrid()], new Map());

function render(tool: string, action: string, args: object, value: Json): Json {
  const activity = { name: 'say', tool, action, with: args, irreversible: true };
  const document = { workflow: { name: 'x', input: {} }, modules: [{ id: 'a', activities: [activity] }] };
  const compiled = compileDefinition(JSON.stringify(document), { catalog: registry.catalog, format: 'json' });
  if (!compiled.ok) throw new Error(JSON.stringify(compiled.problems));
  const node = compiled.plan.nodes[0];
  if (node?.kind !== 'activity') throw new Error('no activity');
  const run = { id: 'r', name: 'n', version: '1.0.0', tenant: 't', startedAt: '2026-01-01T00:00:00Z', changes: [] };
  const scope: Scope = { input: { value }, outputs: {}, status: {}, run };
  return renderTemplate(node.with, scope);
}

const mail = (html: string, value: Json) =>
  (
    render('sendgrid', 'send_campaign', { name: 'n', subject: 'S {{ input.value }}', html, all: true }, value) as {
      html: string;
    }
  ).html;
const post = (text: string, value: Json) =>
  (render('slack', 'send_message', { channel: 'c', text }, value) as { text: string }).text;

describe('a mail', () => {
  it('shows what a value says and keeps what its author wrote', () => {
    expect(mail('<h1>{{ input.value }}</h1>', '<img src=x onerror=alert(1)>"\'&')).toBe(
      '<h1>&lt;img src=x onerror=alert(1)&gt;&quot;&#39;&amp;</h1>',
    );
    expect(mail('<h1>{{ input.value | upcase }}</h1>', '<b>')).toBe('<h1>&lt;B&gt;</h1>');
    expect(mail('<h1>{{ input.value | raw }}</h1>', '<b>')).toBe('<h1><b></h1>');
    expect(mail('${{ input.value }}', '<b>')).toBe('<b>');
  });

  it('gets no tag and no end of an attribute from any value', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom('<', '>', '"', "'", '&', 'a', '/', '=', ' ') }), (value) => {
        const html = mail('<a title="{{ input.value }}">{{ input.value }}</a>', value);
        expect(html.replace('<a title="', '').replace('">', '').replace('</a>', '')).not.toMatch(/[<>"']/);
      }),
    );
  });
});

describe('a message in Slack', () => {
  it.each([
    '<!channel>',
    '<!here>',
    '<@U0123456789>',
    '<#C0123456789>',
    '<https://evil.example|breakwater.example>',
    '<!subteam^S1>',
  ])('mentions nobody and links nowhere for a value: %s', (value) => {
    expect(post('New: {{ input.value }} <!here>', value)).toBe(
      `New: ${value.replaceAll('<', '&lt;').replaceAll('>', '&gt;')} <!here>`,
    );
  });

  it('is escaped in its blocks too, but not where Slack shows text as it is', () => {
    const blocks = [
      { type: 'section', text: { type: 'mrkdwn', text: '*{{ input.value }}*' } },
      { type: 'header', text: { type: 'plain_text', text: '{{ input.value }}' } },
    ];
    expect(render('slack', 'send_message', { channel: 'c', blocks }, '<!channel>')).toMatchObject({
      blocks: [{ text: { text: '*&lt;!channel&gt;*' } }, { text: { text: '<!channel>' } }],
    });
  });
});
