// The manifests are what Kubernetes and KEDA take, by type, and what our settings, probes and tables are. No cluster is asked.
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseAllDocuments, parse } from 'yaml';
import { loadConfig } from '../../src/config.ts';
import { packageRoot } from '../../src/postgres/index.ts';
import { createTestDatabase, execute } from '../support/database.ts';
import { problemsOf, type Manifest } from './typed-manifest.ts';

const FOLDER = join(packageRoot(), 'deploy', 'kubernetes');
const KUSTOMIZATION = 'kustomization.yaml';
const files = readdirSync(FOLDER).filter((name) => name !== KUSTOMIZATION);
const manifests = files.flatMap((name) =>
  parseAllDocuments(readFileSync(join(FOLDER, name), 'utf8')).map((document) => document.toJS() as Manifest),
);

const found = (kind: string, name: string): Manifest => {
  const manifest = manifests.find((each) => each.kind === kind && each.metadata.name === name);
  if (!manifest) throw new Error(`There is no ${kind} ${name}`);
  return manifest;
};

interface PodSpec {
  readonly enableServiceLinks: boolean;
  readonly securityContext: object;
  readonly terminationGracePeriodSeconds?: number;
  readonly containers: readonly {
    readonly args: readonly string[];
    readonly env?: readonly {
      name: string;
      value?: string;
      valueFrom?: { secretKeyRef: { name: string; key: string } };
    }[];
    readonly envFrom?: readonly { configMapRef?: { name: string }; secretRef?: { name: string } }[];
    readonly securityContext: object;
    readonly resources: { requests: object; limits: object };
    readonly livenessProbe?: { httpGet: { path: string } };
    readonly readinessProbe?: { httpGet: { path: string } };
  }[];
}

const podOf = (manifest: Manifest): PodSpec => (manifest['spec'] as { template: { spec: PodSpec } }).template.spec;
const pods = manifests.filter(({ kind }) => kind === 'Deployment' || kind === 'Job');

/** The environment that a pod's container gets. */
function environmentOf(pod: PodSpec): Record<string, string> {
  const { data } = found('ConfigMap', 'breakwater-settings') as unknown as { data: Record<string, string> };
  const { stringData } = found('Secret', 'breakwater-secrets') as unknown as { stringData: Record<string, string> };
  const [{ env = [], envFrom = [] } = { env: [] }] = pod.containers;
  const own = env.map(({ name, value, valueFrom }) => [name, value ?? stringData[valueFrom?.secretKeyRef.key ?? '']]);
  const shared = envFrom.map(({ configMapRef }) => (configMapRef ? data : stringData));
  return Object.assign({}, ...shared, Object.fromEntries(own)) as Record<string, string>;
}

describe('the manifests', () => {
  it.each(manifests.map((each) => [`${each.kind} ${each.metadata.name}`, each] as const))(
    '%s fits its type',
    (_, each) => {
      expect(problemsOf(each)).toEqual([]);
    },
  );

  it.each([
    ['a field that is no field', (worker: string) => worker.replace('periodSeconds: 10', 'periodSecs: 10')],
    ['one at the top', (worker: string) => worker.replace('\nspec:', '\nspecs: {}\nspec:')],
    ['a value of another type', (worker: string) => worker.replace('containerPort: 60000', 'containerPort: http')],
    ['a field that is missing', (worker: string) => worker.replace(/  selector:\n.*\n/, '')],
  ])('would be refused with %s', (_, spoil) => {
    const text = readFileSync(join(FOLDER, 'worker.yaml'), 'utf8');
    const spoilt = spoil(text);

    expect(spoilt).not.toBe(text);
    expect(problemsOf(parse(spoilt) as Manifest)).toHaveLength(1);
  });

  it('are applied as a whole, but for the secret, which everybody makes', () => {
    const { resources } = parse(readFileSync(join(FOLDER, KUSTOMIZATION), 'utf8')) as { resources: string[] };

    expect(resources.toSorted()).toEqual(files.filter((name) => name !== 'secret.example.yaml').toSorted());
  });

  it('scale deployments that there are', () => {
    const targets = ['HorizontalPodAutoscaler breakwater-api', 'ScaledObject breakwater-worker'].map((each) => {
      const [kind = '', name = ''] = each.split(' ');
      return (found(kind, name)['spec'] as { scaleTargetRef: { name: string } }).scaleTargetRef.name;
    });

    expect(targets).toEqual(['breakwater-api', 'breakwater-worker']);
    for (const name of targets) expect(found('Deployment', name)['spec']).not.toHaveProperty('replicas');
  });
});

describe.each(pods.map((each) => [`${each.kind} ${each.metadata.name}`, podOf(each)] as const))('%s', (_, pod) => {
  const [container] = pod.containers;

  it('is given settings that a start takes', () => {
    expect(() => loadConfig(environmentOf(pod))).not.toThrow();
    // The cluster would add BREAKWATER_PORT for a service of that name, and a start refuses what is no setting.
    expect(pod.enableServiceLinks).toBe(false);
  });

  it('may do no more than it needs', () => {
    expect(pod.securityContext).toMatchObject({ runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } });
    expect(container?.securityContext).toEqual({
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    });
    expect(container?.resources).toMatchObject({
      requests: { cpu: expect.any(String) },
      limits: { memory: expect.any(String) },
    });
  });
});

describe.each(['breakwater-api', 'breakwater-worker'])('the deployment %s', (name) => {
  const pod = podOf(found('Deployment', name));

  it('is alive without its database, and ready with it', () => {
    expect(pod.containers[0]?.livenessProbe?.httpGet.path).toBe('/health');
    expect(pod.containers[0]?.readinessProbe?.httpGet.path).toBe('/ready');
  });

  it('has time to let acts in flight finish', () => {
    expect(pod.terminationGracePeriodSeconds).toBeGreaterThan(20 + 5);
  });
});

describe('the query that workers are scaled by', () => {
  const trigger = (
    found('ScaledObject', 'breakwater-worker')['spec'] as { triggers: { metadata: { query: string } }[] }
  ).triggers[0];

  it('counts runs that nobody has claimed and acts that wait for a slot, in a session as its secret says', async () => {
    const url = await createTestDatabase('keda');
    const { stringData } = found('Secret', 'breakwater-secrets') as unknown as { stringData: Record<string, string> };
    const asKeda = new URL(url);
    asKeda.search = new URL(stringData['KEDA_DATABASE_URL'] ?? '').search;
    await execute(
      url,
      `insert into dbos.workflow_status (workflow_uuid, status, name, application_name, application_version, queue_name)
       values ('a', 'ENQUEUED', 'r', 'breakwater', 'p', 'breakwater_runs'), ('b', 'ENQUEUED', 'r', 'breakwater', 'p', 'breakwater_stuck')`,
    );
    await execute(
      asKeda.href,
      `insert into breakwater.executor (id, host, pid, role, protocol, expires_at, clock_skew_ms, slots_used, slots_queued, slots_capacity)
       values ('alive', 'h', 1, 'all', 'p', clock_timestamp() + interval '1 minute', 0, 64, 40, 64),
              ('dead', 'h', 1, 'all', 'p', clock_timestamp() - interval '1 minute', 0, 64, 7, 64)`,
    );

    const { rows } = await execute(asKeda.href, trigger?.metadata.query ?? '');

    expect(rows).toEqual([{ '?column?': '41' }]);
  });
});
