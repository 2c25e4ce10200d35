// Where each tool goes, by what the environment holds.
import { describe, expect, it } from 'vitest';
import { settingNames } from '../../src/config.ts';
import { BreakwaterError } from '../../src/kernel/index.ts';
import { connectTools, environmentNames } from '../../src/tools/connect.ts';
import { github } from '../../src/tools/github.ts';
import { createMemory } from '../../src/tools/memory.ts';
import { createSendgrid } from '../../src/tools/sendgrid.ts';
import { slm } from '../../src/tools/slm.ts';
import type { Tool } from '../../src/tools/tool.ts';

const memory = createMemory(() => {
  throw new Error('not used here');
});
const tools = [github, slm, memory];
const sandbox = 'http://127.0.0.1:60001';

describe('connectTools', () => {
  it('sends a tool with credentials to its vendor', () => {
    const connection = connectTools(tools, { GITHUB_TOKEN: 'ghp_1234' }, sandbox).get('github');

    expect(connection).toMatchObject({ baseUrl: 'https://api.github.com', sandboxed: false });
    expect(connection).toHaveProperty('headers.authorization', 'Bearer ghp_1234');
    expect(connection).toHaveProperty('secrets', ['ghp_1234', 'Bearer ghp_1234', 'ghp_1234']);
  });

  it('sends a tool without credentials to the sandbox and says so', () => {
    const connection = connectTools(tools, { GITHUB_TOKEN: '' }, `${sandbox}/`).get('github');
    expect(connection).toMatchObject({ baseUrl: `${sandbox}/github`, sandboxed: true, secrets: [] });
  });

  it('names what is missing when there is neither', () => {
    expect(connectTools(tools, {}).get('github')).toEqual({ state: 'missing', variables: ['GITHUB_TOKEN'] });
  });

  it('names the address too where everyone has their own', () => {
    const own: Tool = {
      name: 'acme',
      vendor: { baseUrlName: 'ACME_URL', credentials: { names: ['ACME_TOKEN'], headers: () => ({}) } },
      actions: {},
    };

    expect(connectTools([own], { ACME_TOKEN: 't' }).get('acme')).toEqual({ state: 'missing', variables: ['ACME_URL'] });
    expect(connectTools([own], {}).get('acme')).toHaveProperty('variables', ['ACME_TOKEN', 'ACME_URL']);
    expect(connectTools([own], { ACME_TOKEN: 't' }, sandbox).get('acme')).toMatchObject({
      baseUrl: `${sandbox}/acme`,
      sandboxed: true,
    });
    expect(connectTools([own], { ACME_TOKEN: 't', ACME_URL: 'https://acme.example' }).get('acme')).toMatchObject({
      baseUrl: 'https://acme.example',
      sandboxed: false,
    });
  });

  it("lets <TOOL>_BASE_URL point elsewhere, before the vendor's own name for it", () => {
    const env = {
      OPENAI_API_KEY: 'sk-1234',
      OPENAI_BASE_URL: 'http://a.example/v1',
      SLM_BASE_URL: 'http://b.example/v1/',
    };

    expect(connectTools(tools, env).get('slm')).toHaveProperty('baseUrl', 'http://b.example/v1');
    expect(connectTools(tools, { ...env, SLM_BASE_URL: undefined }).get('slm')).toHaveProperty(
      'baseUrl',
      'http://a.example/v1',
    );
  });

  it.each([
    ['http://localhost:8000', 'http://localhost:8000/v1'],
    ['http://localhost:8000/slm', 'http://localhost:8000/slm/v1'],
    ['https://api.groq.com/openai/v1', 'https://api.groq.com/openai/v1'],
    [
      'https://generativelanguage.googleapis.com/v1beta/openai/',
      'https://generativelanguage.googleapis.com/v1beta/openai',
    ],
  ])('takes %s for the OpenAI-compatible API at %s', (given, used) => {
    expect(connectTools(tools, { OPENAI_API_KEY: 'sk-1234', OPENAI_BASE_URL: given }).get('slm')).toHaveProperty(
      'baseUrl',
      used,
    );
  });

  it('offers settings that are no secret', () => {
    const connection = connectTools(tools, { OPENAI_API_KEY: 'sk-1234', OPENAI_MODEL: 'small-1' }).get('slm');
    expect(connection).toHaveProperty('settings', { OPENAI_MODEL: 'small-1' });
  });

  it('needs nothing for a tool on our own database', () => {
    expect(connectTools(tools, {}).get('memory')).toEqual({ state: 'internal' });
  });

  it('reports every bad address at once', () => {
    const env = { GITHUB_BASE_URL: 'ftp://x', SLM_BASE_URL: 'http://user:secret@x/', OPENAI_BASE_URL: 'nonsense' };
    const refused = () => connectTools(tools, env);

    expect(refused).toThrow(BreakwaterError);
    expect(refused).toThrow(/GITHUB_BASE_URL.*SLM_BASE_URL.*OPENAI_BASE_URL/);
    expect(refused).not.toThrow(/secret/);
  });
});

describe('environmentNames', () => {
  it('are all settings that config knows', () => {
    expect(settingNames).toEqual(expect.arrayContaining([...environmentNames([...tools, createSendgrid()])]));
  });

  it('lists all that the tools ask for', () => {
    expect(environmentNames(tools)).toEqual([
      'GITHUB_TOKEN',
      'GITHUB_BASE_URL',
      'OPENAI_API_KEY',
      'SLM_BASE_URL',
      'OPENAI_BASE_URL',
      'OPENAI_MODEL',
    ]);
  });
});
