import { fileURLToPath } from 'node:url';
import { describe, expect, test } from '@jest/globals';
import { measure, pagesOf, sentencesOf } from '../../scripts/prose.mjs';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** Pages that argue each claim with its tests: their sentences are as long as what they prove. */
const ARGUMENTS = ['docs/safety.md', 'docs/threat-model.md'];

const pages = pagesOf(ROOT);
const shareOf = (count: number, { sentences }: ReturnType<typeof measure>) => count / sentences;

describe('the documents (node scripts/prose.mjs prints the figures)', () => {
  const all = measure(Object.values(pages).join('\n\n'));

  test('have few sentences over 30 words, on each page too', () => {
    expect(shareOf(all.long.length, all)).toBeLessThan(0.025);
    for (const [page, text] of Object.entries(pages)) {
      const one = measure(text);
      const most = ARGUMENTS.includes(page) ? 0.11 : 0.05;
      expect([page, shareOf(one.long.length, one) <= most]).toEqual([page, true]);
    }
  });

  test('say if and when, and hardly ever where, of conditions', () => {
    expect((1_000 * all.where) / all.words).toBeLessThan(1);
  });

  test('say who does something more often than not', () => {
    expect(shareOf(all.passive, all)).toBeLessThan(0.18);
  });

  test('NEGATIVE CONTROL: what is counted is found', () => {
    const long = `${'word '.repeat(31).trim()}.`;
    const { long: found, where, passive } = measure(`It is refused where nobody asks.\n\n- ${long}\n`);
    expect({ long: found.length, where, passive }).toEqual({ long: 1, where: 1, passive: 1 });
  });

  test('are counted without their code, their headings and the targets of links', () => {
    const markdown =
      '# A heading of words\n```sh\ncurl here and there\n```\nAsk [an agent](docs/where.md) for `one where two`.\n| a cell of four | b |\n|---|---|\n';
    expect(sentencesOf(markdown)).toEqual(['Ask an agent for Code.', 'a cell of four']);
  });
});
