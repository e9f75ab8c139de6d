import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';

/** What takes something away from a program of the version before. */
const TAKES_AWAY = /\b(DROP|RENAME|MODIFY|CHANGE|TRUNCATE|DELETE FROM|NOT NULL(?!.*\bDEFAULT\b))\b/;

/** The steps of a file, each as it stands there. */
function stepsOf(file: string): string[] {
  const text = readFileSync(
    new URL(`../../packages/coordinator/src/stores/${file}`, import.meta.url),
    'utf8',
  );
  const list = /const MIGRATIONS: readonly Migration\[\] = \[(.*?)\n\];/s.exec(text)?.[1] ?? '';
  return list.split(/\bsql: /).slice(1);
}

describe.each(['mysql/migrations.ts', 'sqlite/migrations.ts'])('the steps of %s', (file) => {
  test('only add, or say which programs cannot work with them any more', () => {
    const steps = stepsOf(file);
    expect(steps.length).toBeGreaterThan(2);
    const harsh = steps.filter((sql) => takesAway(sql) && !sql.includes('compatibleFrom'));
    expect(harsh).toEqual([]);
  });
});

test('a step that takes something away is known as one', () => {
  expect(takesAway('`ALTER TABLE leafcutter_tag DROP COLUMN retired`')).toBe(true);
  expect(takesAway('`ALTER TABLE leafcutter_tag ADD COLUMN x int NOT NULL`')).toBe(true);
  expect(takesAway('`ALTER TABLE leafcutter_tag ADD COLUMN x int NOT NULL DEFAULT 0`')).toBe(false);
});

/** A new table may have what columns it likes; rows that an older program writes into an old one lack new columns. */
function takesAway(sql: string): boolean {
  return sql.split('\n').some((line) => {
    const isOfNewTable = /^\s*`?CREATE TABLE/.test(sql) && !/ALTER TABLE|DROP|RENAME/.test(sql);
    return TAKES_AWAY.test(line) && !isOfNewTable;
  });
}
