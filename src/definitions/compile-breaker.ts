// Which breaker an act goes through, from `breaker:` of the activity and the document's section `breakers:`.
import { DEFAULT_BREAKER } from '../kernel/index.ts';
import type { BreakerSettings, BreakerUse } from '../kernel/index.ts';
import type { Compilation } from './compilation.ts';
import type { ActivityDocument, BreakerDocument } from './document.ts';
import { durationMs } from './duration-text.ts';

/** Undefined: the breaker of the tool, as it comes. */
export function compileBreaker(
  tool: string,
  breaker: ActivityDocument['breaker'],
  compilation: Compilation,
): BreakerUse | undefined {
  const given = typeof breaker === 'string' ? { service: breaker } : breaker;
  const service = serviceOf(given?.service ?? tool, compilation);
  const settings = settingsOf(service, compilation);
  if (!given && !settings) return undefined;
  return { service, park: given?.park ?? false, settings: settings ?? DEFAULT_BREAKER };
}

/** Settings that no activity goes by are a mistake in their name. */
export function checkBreakers(services: ReadonlySet<string>, compilation: Compilation): void {
  for (const name of Object.keys(compilation.document.breakers ?? {})) {
    if (services.has(serviceOf(name, compilation))) continue;
    const hint = compilation.findings.didYouMean(name, [...services]);
    compilation.findings.problem(['breakers', name], `no activity goes through a breaker "${name}"${hint}`, 'key');
  }
}

/** A tool's alias is the tool. */
function serviceOf(name: string, { catalog }: Compilation): string {
  return catalog.tool(name)?.name ?? name;
}

function settingsOf(service: string, compilation: Compilation): BreakerSettings | undefined {
  const given = Object.entries(compilation.document.breakers ?? {}).find(
    ([name]) => serviceOf(name, compilation) === service,
  );
  return given && withDefaults(given[1]);
}

function withDefaults({ failures, window, rate, open, successes }: BreakerDocument): BreakerSettings {
  return {
    failures: failures ?? DEFAULT_BREAKER.failures,
    windowMs: durationMs(window) ?? DEFAULT_BREAKER.windowMs,
    rate: rate ?? DEFAULT_BREAKER.rate,
    openMs: durationMs(open) ?? DEFAULT_BREAKER.openMs,
    successes: successes ?? DEFAULT_BREAKER.successes,
  };
}
