import { SqlStore } from '@leafcutter/coordinator/stores/sql/store';
import { openSqlite } from '@leafcutter/coordinator/stores/sqlite/driver';

/**
 * `node sqlite-granter.ts FILE TAG`: takes ranges of ten from the counter of a tag until it is killed, and writes a line
 * `START END` for each once it is committed, as a coordinator answers.
 */
const [file = '', tag = ''] = process.argv.slice(2);
const store = new SqlStore(openSqlite(file));
for (;;) {
  const [start, end] = await store.withTag(tag, async (row) => {
    const range = [row.value, row.value + 10n] as const;
    await row.advance(range[1], []);
    return range;
  });
  process.stdout.write(`${start} ${end}\n`);
}
