// The settings: defaults, every kind of refusal, and .env.example, which must say what the schema says.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it, onTestFinished } from 'vitest';
import { loadConfig, readEnvironment, settingNames, type Environment } from '../src/config.ts';
import { BreakwaterError, formatDuration } from '../src/kernel/index.ts';

function refusalOf(environment: Environment): BreakwaterError {
  try {
    loadConfig(environment);
  } catch (error) {
    if (error instanceof BreakwaterError) return error;
    throw error;
  }
  throw new Error('the settings were accepted');
}

function messageFor(name: string, value: string): string {
  const { problems } = refusalOf({ [name]: value });
  expect(problems.map(({ path }) => path)).toEqual([name]);
  return problems[0]?.message ?? '';
}

describe('loadConfig', () => {
  it('needs no setting at all', () => {
    expect(loadConfig({})).toMatchObject({
      host: '127.0.0.1',
      port: 60_000,
      dataDir: '.breakwater',
      workflowsDir: 'workflows',
      activitySlots: 64,
      leaseTtlMs: 10_000,
      retentionMs: 30 * 86_400_000,
      logLevel: 'info',
      allowUnsafeDurability: false,
      apiUrl: 'http://127.0.0.1:60000',
      toolEnv: {},
    });
  });

  it('freezes what it answers', () => {
    const config = loadConfig({ GITHUB_TOKEN: 'gh-secret' });

    expect(Object.isFrozen(config)).toBe(true);
    expect(Object.isFrozen(config.toolEnv)).toBe(true);
  });

  it('takes an empty value for an absent one', () => {
    const empty = Object.fromEntries(settingNames.map((name) => [name, '']));

    expect(loadConfig(empty)).toEqual(loadConfig({}));
  });

  it('ignores what belongs to other programs', () => {
    expect(loadConfig({ HOME: '/root', PGHOST: 'elsewhere' })).toEqual(loadConfig({}));
  });

  it('names every problem at once, in its problems and in its message', () => {
    const refusal = refusalOf({
      PORT: 'http',
      LOG_LEVEL: 'loud',
      BREAKWATER_LEASE_TTL: '10 minutes',
      BREAKWATER_SLOTS: '5',
      OPENAI_BASE_URL: 'localhost',
    });

    expect(refusal.code).toBe('CONFIG');
    expect(refusal.problems.map(({ path }) => path).toSorted()).toEqual([
      'BREAKWATER_LEASE_TTL',
      'BREAKWATER_SLOTS',
      'LOG_LEVEL',
      'OPENAI_BASE_URL',
      'PORT',
    ]);
    for (const { path, message } of refusal.problems) expect(refusal.message).toContain(`${path} ${message}`);
  });

  it('keeps finished runs for an hour at least, or for ever', () => {
    expect(loadConfig({ BREAKWATER_RETENTION: '1h' }).retentionMs).toBe(3_600_000);
    expect(loadConfig({ BREAKWATER_RETENTION: 'off' }).retentionMs).toBeUndefined();
    for (const value of ['59m', '0s', 'never', '-1d'])
      expect(messageFor('BREAKWATER_RETENTION', value)).toMatch(/^must be off or a duration of at least 1h/);
  });

  it('suggests the nearest name for an unknown one', () => {
    expect(messageFor('BREAKWATER_ACTIVITY_SLOT', '9')).toBe(
      'is not a setting; did you mean "BREAKWATER_ACTIVITY_SLOTS"?',
    );
  });

  it('suggests the nearest value of a choice', () => {
    expect(messageFor('LOG_LEVEL', 'inof')).toMatch(
      /must be one of trace, debug, .* not "inof"; did you mean "info"\?/,
    );
  });

  it('takes an issuer only together with an audience', () => {
    const issuer = 'https://id.example/';
    expect(loadConfig({}).oidc).toBeUndefined();
    expect(loadConfig({ BREAKWATER_OIDC_ISSUER: issuer, BREAKWATER_OIDC_AUDIENCE: 'api' }).oidc).toEqual({
      issuer,
      audience: 'api',
      claims: { user: 'sub', tenant: 'tenant', roles: 'roles' },
    });
    expect(refusalOf({ BREAKWATER_OIDC_ISSUER: issuer }).problems).toMatchObject([
      { path: 'BREAKWATER_OIDC_AUDIENCE' },
    ]);
    expect(refusalOf({ BREAKWATER_OIDC_AUDIENCE: 'api' }).problems).toMatchObject([{ path: 'BREAKWATER_OIDC_ISSUER' }]);
  });

  it.each(['http://id.example', 'https://id.example?x=1', 'id.example', 'http://127.0.0.1.evil.example'])(
    'trusts no issuer at %s',
    (issuer) => {
      const { problems } = refusalOf({ BREAKWATER_OIDC_ISSUER: issuer, BREAKWATER_OIDC_AUDIENCE: 'api' });
      expect(problems).toMatchObject([
        { path: 'BREAKWATER_OIDC_ISSUER', message: 'must be an https URL, without a query; http only on this machine' },
      ]);
    },
  );

  it('limits what a caller may send to 200 requests a second, to another number, or not at all', () => {
    expect(loadConfig({}).requestsPerSecond).toBe(200);
    expect(loadConfig({ BREAKWATER_RATE_LIMIT: '5/s' }).requestsPerSecond).toBe(5);
    expect(loadConfig({ BREAKWATER_RATE_LIMIT: 'off' }).requestsPerSecond).toBeUndefined();
    for (const value of ['0/s', '5', '5/m', '-1/s', 'on'])
      expect(messageFor('BREAKWATER_RATE_LIMIT', value)).toMatch(/^must be off or requests a second/);
  });

  it('sends traces to a receiver with its headers, or nowhere', () => {
    const endpoint = 'http://127.0.0.1:4318/';
    const headers = 'authorization=Bearer%20a=b, x-team = blue';

    expect(loadConfig({ OTEL_EXPORTER_OTLP_HEADERS: headers }).otlp).toBeUndefined();
    expect(loadConfig({ OTEL_EXPORTER_OTLP_ENDPOINT: endpoint }).otlp?.headers).toEqual({});
    expect(loadConfig({ OTEL_EXPORTER_OTLP_ENDPOINT: endpoint, OTEL_EXPORTER_OTLP_HEADERS: headers }).otlp).toEqual({
      endpoint: 'http://127.0.0.1:4318',
      headers: { authorization: 'Bearer a=b', 'x-team': 'blue' },
    });
  });

  it.each([
    ['DBOS_SYSTEM_DATABASE_URL', 'mysql://root:hunter2@db/app', 'must be a Postgres URL'],
    ['BREAKWATER_ADMIN_KEY', 'two words', 'printable ASCII'],
    ['BREAKWATER_LINK_KEY', 'short', 'at least 16'],
    ['OTEL_EXPORTER_OTLP_ENDPOINT', '127.0.0.1:4318', 'must be an http or https URL'],
    ['OTEL_EXPORTER_OTLP_HEADERS', 'authorization', 'must be headers'],
    ['OTEL_EXPORTER_OTLP_HEADERS', 'a=%zz', 'must be headers'],
    ['BREAKWATER_SANDBOX', 'on', 'must be off or an http or https URL'],
    ['BREAKWATER_OUTBOUND_ALLOW', 'http://wiki.internal/', 'must be hosts with or without a port'],
    ['BREAKWATER_OUTBOUND_ALLOW', 'wiki.internal:99999', 'must be hosts with or without a port'],
    ['BREAKWATER_OUTBOUND_ALLOW', 'user@wiki.internal', 'must be hosts with or without a port'],
    ['BREAKWATER_BASE_URL', 'ftp://files.example', 'must be an http or https URL'],
    ['BREAKWATER_ALLOW_UNSAFE_DURABILITY', 'yes', 'must be one of on, off'],
    ['BREAKWATER_ACTIVITY_SLOTS', '0', 'must be a whole number from 1 to 10000'],
    ['BREAKWATER_LEASE_TTL', '10ms', 'at least 500ms'],
  ])('refuses %s=%s', (name, value, message) => {
    expect(messageFor(name, value)).toContain(message);
  });

  it('never repeats a value that may hold a secret', () => {
    const refusal = refusalOf({
      DBOS_SYSTEM_DATABASE_URL: 'mysql://root:hunter2@db/app',
      BREAKWATER_ADMIN_KEY: 'hunter2 hunter2',
      BREAKWATER_LINK_KEY: 'hunter2',
      GITHUB_BASE_URL: 'user:hunter2@nowhere',
    });

    expect(refusal.problems).toHaveLength(4);
    expect(refusal.message).not.toContain('hunter2');
  });

  it('reads the sandbox as off or as a URL without a slash at its end', () => {
    expect(loadConfig({ BREAKWATER_SANDBOX: 'off' }).sandboxUrl).toBeUndefined();
    expect(loadConfig({ BREAKWATER_SANDBOX: 'http://127.0.0.1:60001/' }).sandboxUrl).toBe('http://127.0.0.1:60001');
  });

  it('reads the hosts that tools may call as a list', () => {
    const allow = (text: string) => loadConfig({ BREAKWATER_OUTBOUND_ALLOW: text }).outboundAllow;

    expect(allow(' Wiki.Internal, 10.0.0.7:8080 [::1]:9000,')).toEqual([
      'wiki.internal',
      '10.0.0.7:8080',
      '[::1]:9000',
    ]);
    expect(loadConfig({}).outboundAllow).toEqual([]);
  });

  it('hands tools what they may ask for and nothing else', () => {
    const { toolEnv } = loadConfig({
      GITHUB_TOKEN: 'gh',
      OPENAI_BASE_URL: 'http://127.0.0.1:8080/v1/',
      BREAKWATER_ADMIN_KEY: 'ours',
      AWS_SECRET_ACCESS_KEY: 'not theirs',
    });

    expect(toolEnv).toEqual({ GITHUB_TOKEN: 'gh', OPENAI_BASE_URL: 'http://127.0.0.1:8080/v1' });
  });

  it('takes every port there is and no other number', () => {
    fc.assert(
      fc.property(fc.integer({ min: -70_000, max: 140_000 }), (port) => {
        const read = (): number => loadConfig({ PORT: String(port) }).port;
        if (port >= 0 && port <= 65_535) expect(read()).toBe(port);
        else expect(read).toThrow('PORT must be a whole number');
      }),
    );
  });
});

describe('readEnvironment', () => {
  function folderWith(text: string): string {
    const folder = mkdtempSync(join(tmpdir(), 'breakwater-config-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    writeFileSync(join(folder, '.env'), text);
    return folder;
  }

  it('reads .env, and the process wins over it', () => {
    const folder = folderWith('PORT=7000\nHOST="0.0.0.0" # everywhere\n');

    const { host, port } = loadConfig(readEnvironment(folder, { PORT: '8000' }));

    expect({ host, port }).toEqual({ host: '0.0.0.0', port: 8000 });
  });

  it('needs no .env', () => {
    expect(readEnvironment(join(tmpdir(), 'breakwater-no-such-folder'), { PORT: '8000' })).toEqual({ PORT: '8000' });
  });
});

describe('.env.example', () => {
  const text = readFileSync(new URL('../.env.example', import.meta.url), 'utf8');
  const examples = [...text.matchAll(/^#?([A-Z][A-Z0-9_]*)=(.*)$/gm)].map(([, name = '', value = '']) => ({
    name,
    value,
  }));

  it('lists every setting once, and no other', () => {
    expect(examples.map(({ name }) => name).toSorted()).toEqual([...settingNames].toSorted());
  });

  it('shows the defaults', () => {
    const shown = Object.fromEntries(examples.map(({ name, value }) => [name, value]));

    const config = loadConfig(shown);

    expect(config).toEqual(loadConfig({}));
    expect(shown).toMatchObject({
      HOST: config.host,
      PORT: String(config.port),
      BREAKWATER_ACTIVITY_SLOTS: String(config.activitySlots),
      BREAKWATER_LEASE_TTL: formatDuration(config.leaseTtlMs),
      BREAKWATER_RETENTION: formatDuration(config.retentionMs ?? 0),
      BREAKWATER_DATA_DIR: config.dataDir,
      BREAKWATER_WORKFLOWS_DIR: config.workflowsDir,
      BREAKWATER_URL: config.apiUrl,
      LOG_LEVEL: config.logLevel,
    });
  });
});
