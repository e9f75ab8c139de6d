/** Numbers, durations and times as people read them. */

const UNITS = ['', ' k', ' M', ' G'] as const;

/** A count in at most three digits and a unit: 999, 1.2 k, 35 M; past 10^12 as a power of ten. */
export function count(value: number): string {
  if (value >= 1e12) return power(value);
  let scaled = value;
  let unit = 0;
  while (scaled >= 999.5 && unit < UNITS.length - 1) {
    scaled /= 1000;
    unit += 1;
  }
  const digits = scaled < 9.95 || (unit > 0 && scaled < 99.5) ? 1 : 0;
  return `${scaled.toFixed(digits).replace(/\.0$/, '')}${UNITS[unit]}`;
}

const SUPERSCRIPTS = '⁰¹²³⁴⁵⁶⁷⁸⁹';

function power(value: number): string {
  const exponent = Math.floor(Math.log10(value));
  const digits = [...String(exponent)].map((digit) => SUPERSCRIPTS[Number(digit)]).join('');
  return `${(value / 10 ** exponent).toFixed(1)} × 10${digits}`;
}

/** A count with all its digits, in groups. */
export function exactly(value: number): string {
  return value.toLocaleString();
}

/** IDs per second. */
export function rate(perSecond: number): string {
  return `${perSecond > 0 && perSecond < 0.1 ? '< 0.1' : count(Math.round(perSecond * 10) / 10)}/s`;
}

/** Seconds in the largest unit that is precise enough: 42 s, 12 min, 3 h, 5 d. A dash if there is no value. */
export function duration(seconds: number | null): string {
  if (seconds === null) return '–';
  if (seconds < 99.5)
    return `${seconds < 9.95 && !Number.isInteger(seconds) ? seconds.toFixed(1) : Math.round(seconds)} s`;
  if (seconds < 5_940) return `${Math.round(seconds / 60)} min`;
  if (seconds < 172_800) return `${Math.round(seconds / 3_600)} h`;
  return seconds > 3.2e9 ? 'for ever' : `${count(Math.round(seconds / 86_400))} d`;
}

/** A difference between clocks: +3 ms, −1.2 s. */
export function offset(ms: number | null): string {
  if (ms === null) return '–';
  const sign = ms < 0 ? '−' : '+';
  const size = Math.abs(ms);
  return size < 1_000 ? `${sign}${Math.round(size)} ms` : `${sign}${duration(size / 1000)}`;
}

/** Local date and time of day. */
export function dateTime(ms: number): string {
  return new Date(ms).toLocaleString([], { hour12: false, dateStyle: 'medium', timeStyle: 'medium' });
}

/** How long ago something was. */
export function ago(ms: number, nowMs: number): string {
  const seconds = Math.max(0, (nowMs - ms) / 1000);
  return seconds < 2 ? 'now' : `${duration(Math.round(seconds))} ago`;
}
