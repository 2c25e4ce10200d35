// The image and the compose file, as far as they can be judged without an engine: what is copied is there, nothing that is built is missing.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { loadConfig } from '../../src/config.ts';
import { packageRoot } from '../../src/postgres/index.ts';

const root = packageRoot();
const read = (file: string): string => readFileSync(join(root, file), 'utf8');

const dockerfile = read('Dockerfile');
const stages = dockerfile.split(/^FROM /m).slice(1);
const [build = '', , image = ''] = stages;
const copiedFromContext = [...dockerfile.matchAll(/^COPY (?!--from)(.+) \S+$/gm)].flatMap(([, names = '']) =>
  names.split(' '),
);
const taken = read('.dockerignore')
  .split('\n')
  .filter((line) => line.startsWith('!'))
  .map((line) => line.slice(1));

describe('the image', () => {
  it('is built from what there is, and its context has all of it', () => {
    for (const name of copiedFromContext) expect(existsSync(join(root, name))).toBe(true);
    expect([...new Set(copiedFromContext)].toSorted()).toEqual(taken.toSorted());
  });

  it('compiles every folder that the compiler is told to', () => {
    const { include } = parse(read('tsconfig.json')) as { include: string[] };

    for (const folder of include) expect(build).toContain(`COPY ${folder} ${folder}\n`);
  });

  it('takes from the build what was made there', () => {
    const made = [...image.matchAll(/^COPY --from=build \/app\/dist\/(\S+) dist\/\1$/gm)].map(([, name]) => name);

    expect(made).toEqual(['src', 'workflows', 'sandbox', 'web']);
  });

  it('is slim, runs as nobody in particular, and says when it is ready', () => {
    for (const stage of stages) expect(stage).toMatch(/^node:24-bookworm-slim\b/);
    expect(image).toMatch(/^USER node$/m);
    expect(image.indexOf('USER node')).toBeLessThan(image.indexOf('ENTRYPOINT'));
    expect(image).toMatch(/HEALTHCHECK[^]*\/ready/);
    expect(dockerfile).toContain('npm ci --omit=dev --omit=optional --ignore-scripts');
  });

  it('holds no secret and no setting that a start refuses', () => {
    const [, settings = ''] = /^ENV (.*)$/m.exec(image) ?? [];
    const pairs = settings.split(' ').map((each) => each.split('=') as [string, string]);

    expect(loadConfig(Object.fromEntries(pairs))).toMatchObject({ host: '0.0.0.0', dataDir: '/var/lib/breakwater' });
    expect(settings).not.toMatch(/KEY|TOKEN|PASSWORD|URL/);
  });
});

interface Service {
  readonly image: string;
  readonly environment?: Record<string, string>;
  readonly command?: readonly string[];
  readonly depends_on?: Record<string, { condition: string }>;
  readonly deploy?: { replicas: number };
  readonly ports?: readonly string[];
  readonly healthcheck?: object;
}

describe('the compose file', () => {
  const { services } = parse(read('docker-compose.yaml'), { merge: true }) as { services: Record<string, Service> };
  // As compose fills them in where nothing is set.
  const filled = (value: string): string => value.replaceAll(/\$\{\w+:-([^}]*)\}/g, '$1');

  it('has a Postgres, a migration and two replicas, in this order', () => {
    expect(services['postgres']).toHaveProperty('healthcheck');
    expect(services['migrate']).toMatchObject({
      command: ['migrate'],
      depends_on: { postgres: { condition: 'service_healthy' } },
    });
    expect(services['breakwater']).toMatchObject({
      deploy: { replicas: 2 },
      depends_on: { migrate: { condition: 'service_completed_successfully' } },
    });
  });

  it('gives each replica a port of its own, on this machine alone', () => {
    expect(services['breakwater']?.ports).toEqual(['127.0.0.1:60000-60001:60000']);
    expect(services['postgres']?.ports).toEqual(['127.0.0.1:5432:5432']);
  });

  it.each(['migrate', 'breakwater'])('gives %s settings that a start takes', (name) => {
    const given = Object.entries(services[name]?.environment ?? {});
    const pairs = given.map(([key, value]) => [key, filled(value)] as const);

    expect(loadConfig(Object.fromEntries(pairs)).databaseUrl).toBe(
      'postgresql://breakwater:breakwater@postgres:5432/breakwater',
    );
  });
});
