/**
 * How plainly the documents are written, roughly: long sentences, "where" as a conjunction, passive voice.
 * `node scripts/prose.mjs` prints a row for each page; a unit test holds ceilings.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const LONG_WORDS = 30;

const IRREGULAR =
  'begun|bound|brought|built|caught|chosen|cut|dealt|done|drawn|driven|found|given|gone|handed out|held|hidden|hurt|kept|known|laid|led|left|lent|lost|made|meant|met|paid|put|read|said|seen|sent|set|shown|shut|split|spoken|spent|sworn|taken|taught|thought|thrown|told|understood|won|worn|written';
const PASSIVE = new RegExp(
  `\\b(?:is|are|was|were|be|been|being)\\s+(?:\\w+ly\\s+|not\\s+|never\\s+|then\\s+|also\\s+)*(?:\\w{2,}ed|${IRREGULAR})\\b`,
  'i',
);
/** "Where" that begins a condition or a clause; a question, or "where to" and "where it listens", are none. */
const WHERE = /\bwhere(?!ver)\b(?! (?:to|from|it (?:listens|stands|came)|you (?:are|want))\b)(?![^.]*\?)/gi;

/**
 * The sentences of a page: no code, no headings, each list item and cell of a table by itself.
 *
 * @param {string} markdown
 * @returns {string[]}
 */
export function sentencesOf(markdown) {
  return markdown
    .replaceAll(/<!--.*?-->/gs, '')
    .replaceAll(/^( *)(`{3,})[^\n]*\n.*?^\1\2$/gms, '\n\n')
    .replaceAll(/^ *\|[-| :]+\|$/gm, '')
    .replaceAll(/^ *\|.*$/gm, (row) => `\n\n${row.replaceAll('\\|', '/').replaceAll('|', '\n\n')}\n\n`)
    .replaceAll(/^#+ .*$/gm, '\n\n')
    .replaceAll(/!\[[^\]]*\]\([^)]*\)/g, '')
    .replaceAll(/\[(?:test|control)\]\((?:"[^"]*"|[^()"])*\)/g, '')
    .replaceAll(/\[([^\]]*)\]\((?:"[^"]*"|[^()"])*\)/g, '$1')
    .replaceAll(/`[^`\n]*`/g, 'Code')
    .replaceAll(/^ *(?:[-*]|\d+\.) /gm, '\n\n')
    .split(/\n\s*\n/)
    .flatMap((paragraph) => paragraph.replaceAll(/\s+/g, ' ').split(/(?<=[.!?]["”)*]*) (?=["“(*]*[A-Z0-9])/))
    .map((sentence) => sentence.trim())
    .filter((sentence) => wordsOf(sentence) > 2);
}

const wordsOf = (text) => text.split(/\s+/).filter((word) => /\w/.test(word)).length;

/** What is counted of a page or of many. @param {string} markdown */
export function measure(markdown) {
  const sentences = sentencesOf(markdown);
  const words = sentences.reduce((sum, sentence) => sum + wordsOf(sentence), 0);
  return {
    words,
    sentences: sentences.length,
    long: sentences.filter((sentence) => wordsOf(sentence) > LONG_WORDS),
    where: sentences.flatMap((sentence) => sentence.match(WHERE) ?? []).length,
    passive: sentences.filter((sentence) => PASSIVE.test(sentence)).length,
  };
}

/**
 * The pages that people read to use Leafcutter, by path below `root`.
 *
 * @param {string} root
 * @returns {Record<string, string>}
 */
export function pagesOf(root) {
  const docs = readdirSync(join(root, 'docs')).filter((name) => name.endsWith('.md'));
  const pages = ['README.md', ...docs.sort().map((name) => join('docs', name))];
  return Object.fromEntries(pages.map((page) => [page, readFileSync(join(root, page), 'utf8')]));
}

function row(page, { words, sentences, long, where, passive }) {
  const share = (count) => `${((100 * count) / sentences).toFixed(1)} %`;
  const cells = [words, share(long.length), ((1_000 * where) / words).toFixed(1), share(passive)];
  return `${page.padEnd(32)}${cells.map((cell) => String(cell).padStart(10)).join('')}\n`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const pages = pagesOf(fileURLToPath(new URL('..', import.meta.url)));
  const heads = ['words', `> ${LONG_WORDS} words`, 'where / k', 'passive'];
  process.stdout.write(`${''.padEnd(32)}${heads.map((head) => head.padStart(10)).join('')}\n`);
  for (const [page, text] of Object.entries(pages)) process.stdout.write(row(page, measure(text)));
  process.stdout.write(row('all', measure(Object.values(pages).join('\n\n'))));
  const page = process.argv[2];
  if (page !== undefined)
    for (const sentence of measure(pages[page]).long) process.stdout.write(`\n- ${sentence}\n`);
}
