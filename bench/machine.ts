// What the figures were measured on.
import { cpus, freemem, loadavg, totalmem } from 'node:os';

export function describeMachine() {
  const [cpu] = cpus();
  return {
    cpu: cpu?.model ?? 'unknown',
    cores: cpus().length,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    freeGiB: Math.round(freemem() / 2 ** 30),
    loadBefore: Number(loadavg()[0]?.toFixed(2) ?? 0),
    platform: `${process.platform} ${process.arch}`,
    node: process.version,
  };
}
