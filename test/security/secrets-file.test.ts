// The secrets file: every problem at once with line and column and no value; read anew when it changes, and what it held stays hidden.
import { chmodSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { BreakwaterError, type RoomEvent } from '../../src/kernel/index.ts';
import { createHttp } from '../../src/tools/http.ts';
import { createOutboundGuard } from '../../src/tools/outbound-guard.ts';
import { openSecrets, type Secrets, type SecretsOptions } from '../../src/tools/secrets.ts';
import { slack } from '../../src/tools/slack.ts';
import type { Tool } from '../../src/tools/tool.ts';
import { until } from '../support/until.ts';

const memory: Tool = { name: 'memory', actions: {} };
const tools = [createHttp(createOutboundGuard()), slack, memory];
const VALUE = 'hunter2-and-more';

function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'breakwater-secrets-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  return folder;
}

/** As editors and deployments do it: whole, or not yet. */
function write(file: string, text: string, mode = 0o600): void {
  writeFileSync(`${file}.new`, text);
  chmodSync(`${file}.new`, mode);
  renameSync(`${file}.new`, file);
}

function open(
  text: string,
  options: Partial<SecretsOptions> & { mode?: number } = {},
): { file: string; secrets: Secrets } {
  const file = join(newFolder(), 'secrets.yaml');
  write(file, text, options.mode);
  const secrets = openSecrets({ environment: {}, tools, defaultTenant: 'default', file, ...options });
  return { file, secrets };
}

function refusalOf(text: string, options: Parameters<typeof open>[1] = {}): BreakwaterError {
  try {
    open(text, options);
  } catch (error) {
    if (error instanceof BreakwaterError) return error;
    throw error;
  }
  throw new Error('the file was accepted');
}

const asker = { tool: 'http', tenant: 'default' };
const entry = (rest = `value: ${VALUE}`) => `a: { ${rest}, tool: http, hosts: [api.partner.example] }`;

describe('a secrets file', () => {
  it('gives values from itself, from files beside it and from the environment, with what goes before them', () => {
    const folder = newFolder();
    const file = join(folder, 'secrets.json');
    writeFileSync(join(folder, 'token'), 'from-a-file\n');
    const bound = { tool: 'http', hosts: ['api.partner.example'] };
    const named = { a: { value: VALUE, prefix: 'Bearer ' }, b: { file: 'token' }, c: { env: 'TOKEN' } };
    write(
      file,
      JSON.stringify(Object.fromEntries(Object.entries(named).map(([name, part]) => [name, { ...part, ...bound }]))),
    );

    const secrets = openSecrets({ environment: { TOKEN: 'from-outside' }, tools, defaultTenant: 'default', file });

    const sent = ['a', 'b', 'c'].map((name) => secrets.find(name, asker));
    expect(sent).toMatchObject([
      { secret: { sent: `Bearer ${VALUE}` } },
      { secret: { sent: 'from-a-file' } },
      { secret: { sent: 'from-outside' } },
    ]);
  });

  it('takes a host for https, and plain http where it says so', () => {
    const { secrets } = open(
      `a: { value: ${VALUE}, tool: http, hosts: [API.partner.example, "b.example:8443", "http://127.0.0.1:80"] }`,
    );
    const found = secrets.find('a', asker);

    expect(found.ok && [...found.secret.origins]).toEqual([
      'https://api.partner.example',
      'https://b.example:8443',
      'http://127.0.0.1',
    ]);
  });

  it.each([
    ['the default tenant', '', ['default'], ['acme']],
    ['the tenants that it names', ', tenant: [acme, beta]', ['acme', 'beta'], ['default', 'other']],
    ['everyone', ', tenant: "*"', ['default', 'acme'], []],
  ])('is for %s', (_, tenant, those, others) => {
    const { secrets } = open(`a: { value: ${VALUE}, tool: http, hosts: [x.example]${tenant} }`);

    for (const each of those) expect(secrets.find('a', { tool: 'http', tenant: each }).ok).toBe(true);
    for (const each of others) {
      expect(secrets.find('a', { tool: 'http', tenant: each })).toEqual({ ok: false, why: 'is not known' });
    }
  });

  it('gives a secret to its tool only', () => {
    const { secrets } = open(entry());

    const why = 'is for the tool "http", not for "slack"';
    expect(secrets.find('a', { tool: 'slack', tenant: 'default' })).toEqual({ ok: false, why });
  });

  it.each(['640', '604', '620', '644', '777'])('is refused with mode %s', (text) => {
    const mode = Number.parseInt(text, 8);
    expect(refusalOf(entry(), { mode }).message).toContain(
      `is open to others than its owner (mode ${text}); chmod 600 it`,
    );
  });

  it('tells every problem at once, where it is, and no value', () => {
    const refusal = refusalOf(`
a: { vaule: ${VALUE}, tool: http, hosts: [x.example] }
b: { value: ${VALUE}, env: B, tool: http, hosts: [x.example] }
c: { env: NOWHERE, tool: http, hosts: [x.example] }
d: { file: nowhere, tool: http, hosts: [x.example] }
e: { value: short, tool: http, hosts: [x.example] }
f: { value: ${VALUE}, tool: htpp, hosts: [x.example] }
g: { value: ${VALUE}, tool: memory, hosts: [x.example] }
h: { value: ${VALUE}, tool: http, hosts: ["*.example", "https://x.example/path"] }
i: { value: 1234567890, tool: http, hosts: [] }
a-partner: { value: a-partner, tool: http, hosts: [x.example] }
"k k": { value: ${VALUE}, tool: http, hosts: [x.example] }
l: ${VALUE}
m: { value: ${VALUE}, tool: http }
`);

    expect(refusal.message).not.toContain(VALUE);
    const found = refusal.problems.map(
      ({ path, message }) => `${path.replace(/.*secrets\.yaml:/, '')} ${message.replace(/(ENOENT).*/, '$1')}`,
    );
    expect(refusal.code).toBe('CONFIG');
    expect(found.toSorted()).toEqual(
      [
        '2:6 unknown key "vaule"; did you mean "value"?',
        '3:4 must have one of value, env and file',
        '4:4 c: the environment has no NOWHERE',
        '5:4 d: cannot be read: ENOENT',
        '6:4 e: has fewer than 8 characters',
        '7:4 f: "htpp" is no tool that sends secrets; did you mean "http"?',
        '8:4 g: "memory" is no tool that sends secrets',
        '9:51 must be a host without a path or "*", such as api.partner.example or http://127.0.0.1:8080',
        '9:64 must be a host without a path or "*", such as api.partner.example or http://127.0.0.1:8080',
        '10:13 "value" is missing or of the wrong type',
        '10:44 "hosts" is missing or of the wrong type',
        '11:12 a-partner: is part of its own name',
        '12:8 a name has letters, digits, ".", "_" and "-", and begins with a letter or digit',
        '13:4 must be a map',
        '14:4 "hosts" is missing or of the wrong type',
      ].toSorted(),
    );
  });

  it('is refused when it is not there, and when it is no YAML', () => {
    expect(() => openSecrets({ environment: {}, tools, defaultTenant: 'default', file: '/nowhere/secrets' })).toThrow(
      'ENOENT',
    );
    expect(refusalOf(`a: { value: "${VALUE}`).message).not.toContain(VALUE);
    expect(refusalOf(`- ${VALUE}`).message).toContain('must be a map of secrets by name');
  });

  it('may be absent: then every reference is refused, and says which setting is missing', () => {
    const secrets = openSecrets({ environment: {}, tools, defaultTenant: 'default' });

    expect(secrets.find('a', asker)).toMatchObject({
      ok: false,
      why: expect.stringContaining('BREAKWATER_SECRETS_FILE'),
    });
  });
});

describe('a secrets file that changes', () => {
  const valueOf = (secrets: Secrets): string | undefined => {
    secrets.refresh();
    const found = secrets.find('a', asker);
    return found.ok ? found.secret.value : undefined;
  };

  it('gives the new value, and hides the old one as before', async () => {
    const { file, secrets } = open(entry());

    write(file, entry('value: another-secret'));

    await until(() => valueOf(secrets) === 'another-secret', { what: 'the new value' });
    expect(secrets.redactor.text(`${VALUE} another-secret`)).toBe('secret://a secret://a');
  });

  it('is read anew when a file of a value changes', async () => {
    const token = join(newFolder(), 'token');
    write(token, VALUE);
    const { secrets } = open(entry(`file: ${token}`));

    write(token, 'another-secret');

    await until(() => valueOf(secrets) === 'another-secret', { what: 'the new value' });
    expect(secrets.redactor.text(`${VALUE} another-secret`)).toBe('secret://a secret://a');
  });

  it('keeps what it gave when the file is gone', async () => {
    const events: RoomEvent[] = [];
    const { file, secrets } = open(entry(), { emit: (event) => events.push(event) });

    rmSync(file);

    await until(() => valueOf(secrets) !== VALUE || events.length > 0, { what: 'a word about it' });
    expect(valueOf(secrets)).toBe(VALUE);
  });

  it('keeps what it gave while the new content is broken, and says so once', async () => {
    const events: RoomEvent[] = [];
    const { file, secrets } = open(entry(), { emit: (event) => events.push(event) });

    write(file, entry('value: short'));
    await until(() => valueOf(secrets) !== VALUE || events.length > 0, { what: 'a word about it' });
    expect(valueOf(secrets)).toBe(VALUE);
    write(file, entry('value: another-secret'));
    await until(() => valueOf(secrets) === 'another-secret', { what: 'the repaired value' });

    expect(events.map(({ name }) => name)).toEqual(['tools.secrets_kept', 'tools.secrets_read']);
  });
});
