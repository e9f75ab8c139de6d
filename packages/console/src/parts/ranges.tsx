import { useState } from 'preact/hooks';

const KEPT = 'leafcutter-range';
const RANGES = [
  { minutes: 15, label: '15 min' },
  { minutes: 60, label: '1 h' },
  { minutes: 360, label: '6 h' },
  { minutes: 1_440, label: '24 h' },
] as const;

/** How much of the past charts show, in milliseconds, and the buttons to change it. It is kept in this browser. */
export function useRange() {
  const [minutes, setMinutes] = useState(() => {
    const kept = Number(localStorage.getItem(KEPT));
    return RANGES.some((range) => range.minutes === kept) ? kept : 60;
  });
  const pick = (wanted: number) => {
    localStorage.setItem(KEPT, String(wanted));
    setMinutes(wanted);
  };
  const buttons = (
    <fieldset class="ranges">
      <legend class="unseen">Time range</legend>
      {RANGES.map((range) => (
        <button
          key={range.label}
          type="button"
          aria-pressed={range.minutes === minutes}
          onClick={() => pick(range.minutes)}
        >
          {range.label}
        </button>
      ))}
    </fieldset>
  );
  return { rangeMs: minutes * 60_000, buttons };
}
