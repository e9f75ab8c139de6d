import { type RatioRow, reaches } from './rounds.ts';

const WIDTH = 860;
const LABELS = 430;
const LINE = 26;
const TOP = 34;
/** Ratios past this end at the edge, with their number beside them. */
const MOST = 4;

/** Ratios as bars with their spread, and the target as a mark, in colours that work on light and on dark. */
export function ratioChart(rows: readonly RatioRow[]): string {
  const height = TOP + rows.length * LINE + 12;
  const x = (ratio: number) => LABELS + (Math.min(ratio, MOST) / MOST) * (WIDTH - LABELS - 60);
  const bars = rows.map((row, index) => {
    const y = TOP + index * LINE;
    const { min, median, max } = row.ratio;
    const asked = row.atLeast ?? row.atMost;
    const colour = reaches(row) === false ? '#c2410c' : '#15803d';
    return [
      `<text x="${LABELS - 10}" y="${y + 14}" text-anchor="end">${escaped(row.row)}</text>`,
      `<rect x="${LABELS}" y="${y + 3}" width="${(x(median) - LABELS).toFixed(1)}" height="14" rx="2" fill="${colour}"/>`,
      `<line x1="${x(min).toFixed(1)}" x2="${x(max).toFixed(1)}" y1="${y + 10}" y2="${y + 10}" stroke="#737373" stroke-width="2"/>`,
      ...(asked === undefined
        ? []
        : [
            `<line x1="${x(asked).toFixed(1)}" x2="${x(asked).toFixed(1)}" y1="${y}" y2="${y + 20}" stroke="#2563eb" stroke-width="2"/>`,
          ]),
      `<text x="${(x(Math.max(max, median)) + 6).toFixed(1)}" y="${y + 14}">${median.toFixed(2)}</text>`,
    ].join('\n  ');
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${height}" viewBox="0 0 ${WIDTH} ${height}" font-family="system-ui, sans-serif" font-size="12">`,
    '  <title>Ratios of the benchmarks to what stands beside them</title>',
    `  <rect width="${WIDTH}" height="${height}" fill="#fafaf9"/>`,
    `  <text x="${LABELS}" y="20" fill="#404040">ratio to what stands beside it; blue: asked; grey: least to greatest</text>`,
    `  <line x1="${x(1)}" x2="${x(1)}" y1="${TOP - 6}" y2="${height - 8}" stroke="#a3a3a3" stroke-dasharray="3 3"/>`,
    ...bars.map((bar) => `  ${bar}`),
    '</svg>',
    '',
  ].join('\n');
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
