// How busy the executors are while the page is open: slots in use, and activities that wait for one, drawn by uPlot.
import type { JSX } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import uPlot from 'uplot';
import * as z from 'zod/mini';
import { get } from '../api/client.ts';
import { pageOf } from '../api/shapes.ts';
import { useRepeatedly } from '../live.ts';
import { columnsOf, loadWords, sampleOf, withSample, type LoadSample } from '../model/load-samples.ts';
import { theme } from '../theme.ts';

const LOOK_EVERY_MS = 2_000;
const HEIGHT = 150;
/** A few seconds would look like a storm. */
const LEAST_SECONDS = 120;
const slots = z.object({ used: z.number(), queued: z.number(), capacity: z.number() });
const busy = pageOf(z.object({ slots }));

export function LoadChart(): JSX.Element {
  const [samples, setSamples] = useState<readonly LoadSample[]>([]);
  const look = (): void => {
    get('/v1/executors?limit=200', busy)
      .then(({ items }) => setSamples((before) => withSample(before, sampleOf(items, Date.now()))))
      // The list below says why it cannot be read.
      .catch(() => undefined);
  };
  useEffect(look, []);
  useRepeatedly(look, LOOK_EVERY_MS);
  const now = samples.at(-1);
  return (
    <figure class="card load">
      <figcaption>
        <strong>Load</strong> <span class="soft">{now ? loadWords(now) : 'Loading …'}</span>
      </figcaption>
      <Lines key={theme.value} samples={samples} />
    </figure>
  );
}

function Lines({ samples }: { readonly samples: readonly LoadSample[] }): JSX.Element {
  const frame = useRef<HTMLDivElement>(null);
  const chart = useRef<uPlot>(undefined);
  useEffect(() => {
    const { current: element } = frame;
    if (!element) return;
    const drawn = new uPlot(optionsFor(element), columnsOf([]), element);
    chart.current = drawn;
    const resized = new ResizeObserver(() => drawn.setSize({ width: element.clientWidth, height: HEIGHT }));
    resized.observe(element);
    return () => {
      resized.disconnect();
      drawn.destroy();
    };
  }, []);
  useEffect(() => chart.current?.setData(columnsOf(samples)), [samples]);
  // What it shows is said in words above.
  return <div ref={frame} class="load-lines" aria-hidden="true" />;
}

function optionsFor(element: HTMLElement): uPlot.Options {
  const [ink, busyInk, waitInk, grid] = ['soft', 'busy-bar', 'warn-bar', 'line'].map((name) => colourOf(element, name));
  const axis = { stroke: ink, grid: { stroke: grid, width: 1 }, ticks: { show: false } };
  return {
    width: element.clientWidth,
    height: HEIGHT,
    cursor: { show: false },
    legend: { live: false },
    scales: {
      x: { range: (_chart, from, to) => [Math.min(from, to - LEAST_SECONDS), to] },
      y: { range: (_chart, _least, most) => [0, Math.max(4, most)] },
    },
    axes: [
      { ...axis, values: '{HH}:{mm}:{ss}', space: 80 },
      { ...axis, size: 36, incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000] },
    ],
    series: [
      {},
      { label: 'Slots in use', stroke: busyInk, width: 2, points: { show: false } },
      { label: 'Wait for a slot', stroke: waitInk, width: 2, dash: [6, 4], points: { show: false } },
    ],
  };
}

/** A canvas knows no custom properties: what one comes to is asked of an element that has it. */
function colourOf(element: HTMLElement, name: string): string {
  const before = element.style.color;
  element.style.color = `var(--${name})`;
  const { color } = getComputedStyle(element);
  element.style.color = before;
  return color;
}
