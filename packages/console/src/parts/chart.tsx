import { useEffect, useRef } from 'preact/hooks';
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import { count, timeLabels, withoutRepeats } from '../format.ts';

const HEIGHT = 180;
/** A label on the time axis needs this much room, in pixels. */
const LABEL_WIDTH = 84;

/** Unix milliseconds and a value; null if it is unknown, which makes a gap. */
export type Point = readonly [atMs: number, value: number | null];

/** A line over time, from `rangeMs` ago until now. `points` are oldest first; `kind` steps hold a value until the next. */
export function Chart(props: {
  label: string;
  unit: string;
  points: readonly Point[];
  nowMs: number;
  rangeMs: number;
  kind?: 'line' | 'steps';
}) {
  const { label, unit, points, nowMs, rangeMs, kind = 'line' } = props;
  const place = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const shown = useRef<Shown>({ data: [[], []], fromMs: 0, toMs: 0 });
  shown.current = { data: dataOf(points, nowMs - rangeMs), fromMs: nowMs - rangeMs, toMs: nowMs };

  useEffect(() => {
    const draw = () => {
      const box = place.current;
      if (box === null) return;
      plot.current?.destroy();
      plot.current = new uPlot(options(box, label, unit, kind, shown), shown.current.data, box);
    };
    draw();
    const watcher = new ResizeObserver(() =>
      plot.current?.setSize({ width: place.current?.clientWidth ?? 300, height: HEIGHT }),
    );
    if (place.current !== null) watcher.observe(place.current);
    addEventListener('themechange', draw);
    const dark = matchMedia('(prefers-color-scheme: dark)');
    dark.addEventListener('change', draw);
    return () => {
      watcher.disconnect();
      removeEventListener('themechange', draw);
      dark.removeEventListener('change', draw);
      plot.current?.destroy();
      plot.current = null;
    };
  }, [label, unit, kind]);

  useEffect(() => {
    plot.current?.setData(shown.current.data);
  }, [points, nowMs, rangeMs]);

  const last = points.at(-1)?.[1];
  const said =
    last === undefined ? 'no data yet' : last === null ? 'unknown now' : `now ${count(last)} ${unit}`;
  return <div class="chart" ref={place} role="img" aria-label={`${label}, ${said}`} />;
}

interface Shown {
  readonly data: uPlot.AlignedData;
  readonly fromMs: number;
  readonly toMs: number;
}

/** The points in the range, with the one before it, so that the line begins at the edge. */
function dataOf(points: readonly Point[], fromMs: number): uPlot.AlignedData {
  const first = points.findIndex(([atMs]) => atMs >= fromMs);
  const inside = first < 0 ? points.slice(-1) : points.slice(Math.max(0, first - 1));
  return [inside.map(([at]) => at / 1000), inside.map(([, value]) => value)];
}

function options(
  box: HTMLElement,
  label: string,
  unit: string,
  kind: 'line' | 'steps',
  shown: { readonly current: Shown },
): uPlot.Options {
  // A canvas does not know light-dark(), so each colour is read from an element that uses it.
  const colour = (name: string) => {
    box.style.color = `var(${name})`;
    const { color } = getComputedStyle(box);
    box.style.color = '';
    return color;
  };
  const axis = {
    stroke: colour('--muted'),
    grid: { stroke: colour('--line'), width: 1 },
    ticks: { show: false },
  };
  const paths = kind === 'steps' ? uPlot.paths.stepped?.({ align: 1 }) : undefined;
  return {
    width: box.clientWidth,
    height: HEIGHT,
    padding: [8, 24, 0, 0],
    legend: { show: false },
    cursor: { y: false, points: { show: false } },
    scales: {
      // All of the range, however young the data is.
      x: { range: () => [shown.current.fromMs / 1000, shown.current.toMs / 1000] },
      y: { range: (_plot, _min, max) => [0, Math.max(1, (max ?? 0) * 1.15)] },
    },
    axes: [
      { ...axis, size: 28, space: LABEL_WIDTH, values: (_plot, ticks) => timeLabels(ticks) },
      { ...axis, size: 56, values: (_plot, ticks) => withoutRepeats(ticks.map(count)) },
    ],
    series: [
      {},
      {
        label: `${label} (${unit})`,
        stroke: colour('--accent'),
        width: 2,
        fill: colour('--accent-soft'),
        points: { show: kind === 'steps' },
        ...(paths === undefined ? {} : { paths }),
      },
    ],
  };
}
