// Sends spans to an OTLP receiver, in the background: whatever becomes of it, no run waits and no run fails.
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { BatchSpanProcessor } from '@opentelemetry/sdk-trace-base';
import type { ReadableSpan, SpanExporter } from '@opentelemetry/sdk-trace-base';
import { hostname } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Emit } from '../kernel/index.ts';
import { spansOf } from './spans.ts';

/** What waits to be sent: more are dropped, and counted. */
const MAX_QUEUED = 8_192;
const MAX_BATCH = 512;
/** What a killed process had not sent is lost: no more than this. */
const SEND_EVERY_MS = 1_000;
const SEND_TIMEOUT_MS = 10_000;
/** A receiver that does not answer holds no stop up for longer. */
const LAST_SEND_MS = 2_000;

export interface Traces {
  readonly tell: Emit;
  /** Sends what is left, as far as that takes little time. */
  stop(): Promise<void>;
}

export interface TracesOptions {
  /** The base address of the receiver: `/v1/traces` is added. */
  readonly endpoint: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly emit: Emit;
}

export function openTraces({ endpoint, headers, emit }: TracesOptions): Traces {
  const exporter = new OTLPTraceExporter({
    url: `${endpoint}/v1/traces`,
    headers: { ...headers },
    timeoutMillis: SEND_TIMEOUT_MS,
  });
  const gate = new Gate(exporter, emit);
  const processor = new BatchSpanProcessor(gate, {
    maxQueueSize: MAX_QUEUED,
    maxExportBatchSize: MAX_BATCH,
    scheduledDelayMillis: SEND_EVERY_MS,
    exportTimeoutMillis: SEND_TIMEOUT_MS,
  });
  const resource = resourceFromAttributes({
    'service.name': 'breakwater',
    'host.name': hostname(),
    'process.pid': process.pid,
  });
  return {
    tell(event) {
      for (const span of spansOf(event, resource)) if (gate.admits()) processor.onEnd(span);
    },
    async stop() {
      // What is not delivered now is counted like any other.
      await Promise.race([Promise.allSettled([processor.shutdown()]), sleep(LAST_SEND_MS, undefined, { ref: false })]);
    },
  };
}

// Knows how many spans wait, and counts those that are lost: the processor in between tells nobody.
class Gate implements SpanExporter {
  readonly #exporter: SpanExporter;
  readonly #emit: Emit;
  #waiting = 0;

  constructor(exporter: SpanExporter, emit: Emit) {
    this.#exporter = exporter;
    this.#emit = emit;
  }

  admits(): boolean {
    if (this.#waiting >= MAX_QUEUED) {
      this.#lose('queue full', 1);
      return false;
    }
    this.#waiting += 1;
    return true;
  }

  export(spans: ReadableSpan[], done: Parameters<SpanExporter['export']>[1]): void {
    this.#waiting -= spans.length;
    this.#exporter.export(spans, (result) => {
      if (result.error) this.#lose('not delivered', spans.length, result.error);
      done(result);
    });
  }

  async shutdown(): Promise<void> {
    await this.#exporter.shutdown();
  }

  #lose(reason: string, spans: number, error?: Error): void {
    const fields = { reason, spans, ...(error && { error: error.message }) };
    const level = error ? 'warn' : 'debug';
    this.#emit({ level, name: 'telemetry.spans_lost', fact: true, fields });
  }
}
