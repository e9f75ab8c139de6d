import { useEffect, useRef } from 'preact/hooks';
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import { count } from '../format.ts';

const HEIGHT = 180;

/** A line over time. `points` are unix milliseconds and values, oldest first; `kind` steps hold a value until the next. */
export function Chart(props: {
  label: string;
  unit: string;
  points: readonly (readonly [number, number])[];
  kind?: 'line' | 'steps';
}) {
  const { label, unit, points, kind = 'line' } = props;
  const place = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const shown = useRef(points);
  shown.current = points;

  useEffect(() => {
    const draw = () => {
      const box = place.current;
      if (box === null) return;
      plot.current?.destroy();
      plot.current = new uPlot(options(box, label, unit, kind), dataOf(shown.current), box);
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
    plot.current?.setData(dataOf(points));
  }, [points]);

  const last = points.at(-1)?.[1];
  const said = last === undefined ? 'no data yet' : `now ${count(last)} ${unit}`;
  return <div class="chart" ref={place} role="img" aria-label={`${label}, ${said}`} />;
}

function dataOf(points: readonly (readonly [number, number])[]): uPlot.AlignedData {
  return [points.map(([at]) => at / 1000), points.map(([, value]) => value)];
}

function options(box: HTMLElement, label: string, unit: string, kind: 'line' | 'steps'): uPlot.Options {
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
    scales: { y: { range: (_plot, _min, max) => [0, Math.max(1, (max ?? 0) * 1.15)] } },
    axes: [
      { ...axis, size: 28, values: (_plot, ticks) => ticks.map(timesOf(ticks)) },
      { ...axis, size: 56, values: (_plot, ticks) => ticks.map((tick) => count(tick)) },
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

/** With seconds if the ticks are less than a minute apart. */
function timesOf(ticks: readonly number[]): (seconds: number) => string {
  const isFine = (ticks[1] ?? 0) - (ticks[0] ?? 0) < 60;
  const form: Intl.DateTimeFormatOptions = { hour: '2-digit', minute: '2-digit', hour12: false };
  if (isFine) form.second = '2-digit';
  return (seconds) => new Date(seconds * 1000).toLocaleTimeString([], form);
}
