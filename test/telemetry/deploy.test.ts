// The dashboard and the alerts that are shipped ask only for series and labels that there are.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { packageRoot } from '../../src/postgres/index.ts';
import { createSeries } from '../../src/telemetry/series.ts';

const read = (path: string): string => readFileSync(join(packageRoot(), path), 'utf8');

/** What prom-client tells of the process. */
const OF_PROCESS = ['process_cpu_seconds_total', 'process_resident_memory_bytes', 'nodejs_eventloop_lag_p99_seconds'];
const SAID_BY_PROMETHEUS = ['instance', 'job'];

/** The labels of each series that can be asked for. */
function knownSeries(): Map<string, readonly string[]> {
  const known = new Map<string, readonly string[]>(OF_PROCESS.map((name) => [name, []]));
  for (const metric of Object.values(createSeries())) {
    if (!('name' in metric) || !('labelNames' in metric)) continue;
    const { name, labelNames } = z.object({ name: z.string(), labelNames: z.array(z.string()) }).parse(metric);
    known.set(name, labelNames);
    for (const part of ['bucket', 'sum', 'count']) known.set(`${name}_${part}`, [...labelNames, 'le']);
  }
  return known;
}

const known = knownSeries();
const WORDS = /^(?:sum|max|count|by|rate|increase|histogram_quantile|and|or|on|unless|offset|absent|vector)$/;
const SERIES = /[a-zA-Z_:][\w:]*/g;

interface Asked {
  readonly series: readonly string[];
  readonly labels: readonly string[];
}

/** Names outside of braces that are no words of PromQL, and the labels of what is selected and grouped by. */
function askedFor(expr: string): Asked {
  const bare = expr.replaceAll(/\{[^}]*\}|\[[^\]]*\]|\b(?:by|on) \([^)]*\)|(?<![\w:])\d+[smhd]\b/g, ' ');
  const selected = [...expr.matchAll(/\{([^}]*)\}/g)].flatMap(([, inner = '']) => [...inner.matchAll(/(\w+)\s*[=!]/g)]);
  const grouped = [...expr.matchAll(/\bby \(([^)]*)\)/g)].flatMap(([, inner = '']) => [...inner.matchAll(/\w+/g)]);
  return {
    series: (bare.match(SERIES) ?? []).filter((word) => !WORDS.test(word)),
    labels: [...selected.map(([, label = '']) => label), ...grouped.map(([label]) => label)],
  };
}

/** What of an expression nobody could answer. */
function unknownIn(expr: string, recorded: ReadonlySet<string> = new Set()): string[] {
  const { series, labels } = askedFor(expr);
  const allowed = new Set([...SAID_BY_PROMETHEUS, ...series.flatMap((name) => known.get(name) ?? [])]);
  const strangers = series.filter((name) => !known.has(name) && !recorded.has(name));
  return [...(series.length === 0 ? ['no series'] : strangers), ...labels.filter((label) => !allowed.has(label))];
}

describe('askedFor', () => {
  it('finds what nobody tells', () => {
    expect(unknownIn('sum by (status) (rate(workflow_executions_total{workflow_type="a"}[5m]))')).toEqual([]);
    expect(unknownIn('sum(rate(workflow_execution_total[5m]))')).toEqual(['workflow_execution_total']);
    expect(unknownIn('max by (run) (runs_waiting{why="stuck"})')).toEqual(['why', 'run']);
    expect(unknownIn('1 + 1')).toEqual(['no series']);
  });
});

const place = z.object({ h: z.int().min(1), w: z.int().min(1).max(24), x: z.int().min(0), y: z.int().min(0) });
const source = z.object({ type: z.literal('prometheus'), uid: z.literal('${datasource}') });
const panel = z.discriminatedUnion('type', [
  z.object({ type: z.literal('row'), id: z.int(), title: z.string().min(1), gridPos: place }),
  z.object({
    type: z.enum(['stat', 'timeseries', 'state-timeline']),
    id: z.int(),
    title: z.string().min(1),
    description: z.string().min(1),
    gridPos: place,
    datasource: source,
    targets: z.array(z.object({ refId: z.string(), expr: z.string(), datasource: source })).min(1),
  }),
]);
const dashboard = z.object({
  uid: z.literal('breakwater'),
  title: z.string(),
  schemaVersion: z.int().min(36),
  templating: z.object({ list: z.array(z.object({ name: z.string(), definition: z.string().optional() })) }),
  panels: z.array(panel),
});

describe('deploy/grafana/dashboard.json', () => {
  const { panels, templating } = dashboard.parse(JSON.parse(read('deploy/grafana/dashboard.json')));
  const charts = panels.flatMap((each) => (each.type === 'row' ? [] : [each]));

  it('asks for series and labels that there are', () => {
    const wrong = charts.flatMap(({ title, targets }) =>
      targets.flatMap(({ expr }) => unknownIn(expr).map((what) => ({ title, what }))),
    );

    expect(charts.length).toBeGreaterThan(20);
    expect(wrong).toEqual([]);
  });

  it('uses only the variables that it has', () => {
    const own = templating.list.map(({ name }) => name);
    const text = JSON.stringify(charts.map(({ targets }) => targets));

    const used = [...text.matchAll(/\$\{?(\w+)/g)].map(([, name = '']) => name);

    expect(new Set(used.filter((name) => !name.startsWith('__')))).toEqual(new Set(own));
    for (const { definition = '' } of templating.list.filter((each) => each.definition !== undefined)) {
      const [, series = '', label = ''] = /^label_values\((\w+), (\w+)\)$/.exec(definition) ?? [];
      expect([...SAID_BY_PROMETHEUS, ...(known.get(series) ?? [])]).toContain(label);
    }
  });

  it('puts no panel over another, nor two under one id', () => {
    const cells = panels.flatMap(({ gridPos: { x, y, w, h } }) =>
      Array.from({ length: w * h }, (_, index) => `${x + (index % w)},${y + Math.floor(index / w)}`),
    );

    expect(new Set(cells).size).toBe(cells.length);
    expect(panels.every(({ gridPos: { x, w } }) => x + w <= 24)).toBe(true);
    expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
  });
});

const record = z.strictObject({ record: z.string(), expr: z.string() });
const alert = z.strictObject({
  alert: z.string().regex(/^Breakwater[A-Z]\w+$/),
  expr: z.string(),
  for: z
    .string()
    .regex(/^\d+[smh]$/)
    .optional(),
  labels: z.strictObject({ severity: z.enum(['page', 'ticket']) }),
  annotations: z.strictObject({ summary: z.string().min(1), description: z.string().min(1) }),
});
const rulesFile = z.strictObject({
  groups: z.array(z.strictObject({ name: z.string(), rules: z.array(z.union([record, alert])) })),
});

describe('deploy/prometheus/alerts.yaml', () => {
  const rules = rulesFile.parse(parse(read('deploy/prometheus/alerts.yaml'))).groups.flatMap((group) => group.rules);
  const alerts = rules.flatMap((rule) => ('alert' in rule ? [rule] : []));
  const recorded = new Set(rules.flatMap((rule) => ('record' in rule ? [rule.record] : [])));

  it('asks for series and labels that there are', () => {
    const wrong = rules.flatMap((rule) => unknownIn(rule.expr, recorded).map((what) => ({ rule, what })));

    expect(wrong).toEqual([]);
    expect(alerts.length).toBeGreaterThan(10);
  });

  it('says of each alert what to do about it', () => {
    const page = read('docs/observability.md');

    for (const { alert: name } of alerts) expect(page).toContain(`**${name}**`);
    expect(new Set(alerts.map(({ alert: name }) => name)).size).toBe(alerts.length);
  });
});

describe('docs/observability.md', () => {
  it('names every series', () => {
    const page = read('docs/observability.md');
    const names = Object.values(createSeries()).flatMap((metric) => ('name' in metric ? [String(metric.name)] : []));

    expect(names.filter((name) => !page.includes(`\`${name}`))).toEqual([]);
    expect(names.length).toBeGreaterThan(15);
  });
});
