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

/** IDs per second; null if that is unknown. */
export function rate(perSecond: number | null): string {
  if (perSecond === null) return 'unknown';
  return `${perSecond > 0 && perSecond < 0.1 ? '< 0.1' : count(Math.round(perSecond * 10) / 10)}/s`;
}

/** Seconds in the largest unit that is precise enough: 22 ms, 42 s, 12 min, 3 h, 5 d. A dash if there is no value. */
export function duration(seconds: number | null): string {
  if (seconds === null) return '–';
  if (seconds > 0 && seconds < 0.95) return `${Math.max(1, Math.round(seconds * 1000))} ms`;
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

/** Date and time of day in the reader's time zone. */
export function dateTime(ms: number): string {
  return new Date(ms).toLocaleString([], { hourCycle: 'h23', dateStyle: 'medium', timeStyle: 'medium' });
}

/** Two moments; the day is not said twice. */
export function timeSpan(fromMs: number, toMs: number): string {
  const day = (ms: number) => new Date(ms).toDateString();
  const end =
    day(fromMs) === day(toMs)
      ? new Date(toMs).toLocaleTimeString([], { hourCycle: 'h23', timeStyle: 'medium' })
      : dateTime(toMs);
  return `${dateTime(fromMs)} to ${end}`;
}

/** The day in the name of a dated tag, `20261126` or shorter or with an hour, as people write it: 2026-11-26. */
export function dayText(digits: string): string {
  const [year, month, day, hour] = [
    digits.slice(0, 4),
    digits.slice(4, 6),
    digits.slice(6, 8),
    digits.slice(8),
  ];
  const date = [year, month, day].filter(Boolean).join('-');
  return hour === '' ? date : `${date}, ${hour}:00`;
}

/** The reader's time zone: Europe/Berlin (UTC+01:00). */
export function timeZone(atMs: number): string {
  const { timeZone: name } = Intl.DateTimeFormat().resolvedOptions();
  const parts = new Intl.DateTimeFormat('en', { timeZoneName: 'longOffset' }).formatToParts(atMs);
  const offsetText = parts.find(({ type }) => type === 'timeZoneName')?.value.replace('GMT', 'UTC');
  return name === 'UTC' || offsetText === undefined ? name : `${name} (${offsetText})`;
}

/**
 * Labels for moments on an axis (unix seconds, evenly spaced): with seconds if they are less than a minute apart, and
 * the date instead of midnight.
 */
export function timeLabels(ticks: readonly number[]): string[] {
  const [first = 0, second = Number.POSITIVE_INFINITY] = ticks;
  const isFine = second - first < 60;
  const time: Intl.DateTimeFormatOptions = { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' };
  if (isFine) time.second = '2-digit';
  const labels = ticks.map((seconds) => {
    const moment = new Date(seconds * 1000);
    const isMidnight = moment.getHours() + moment.getMinutes() + moment.getSeconds() === 0;
    return isMidnight
      ? moment.toLocaleDateString([], { day: 'numeric', month: 'short' })
      : moment.toLocaleTimeString([], time);
  });
  return withoutRepeats(labels);
}

/** A label that says what the one before it says is left out. */
export function withoutRepeats(labels: readonly string[]): string[] {
  return labels.map((label, index) => (label === labels[index - 1] ? '' : label));
}

/** How long ago something was. */
export function ago(ms: number, nowMs: number): string {
  const seconds = Math.max(0, (nowMs - ms) / 1000);
  return seconds < 2 ? 'now' : `${duration(Math.round(seconds))} ago`;
}
