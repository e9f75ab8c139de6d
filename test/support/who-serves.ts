import { LAYOUT_TEXT } from '@leafcutter/coordinator/fakes/samples';
import { openMysql } from '@leafcutter/coordinator/stores/mysql/driver';
import { migrateMysql } from '@leafcutter/coordinator/stores/mysql/migrations';
import { SqlStore } from '@leafcutter/coordinator/stores/sql/store';
import { openSqlite } from '@leafcutter/coordinator/stores/sqlite/driver';
import { LeafcutterError } from '@leafcutter/shared/errors';

/** The error of a coordinator that is started on the file, and of one on MySQL; `serves` if there is none. */
export async function whoServes(file: string, url: string): Promise<{ file: string; mysql: string }> {
  const driver = openMysql({ url, connectionLimit: 2, statementTimeoutMs: 20_000 });
  try {
    return {
      file: await outcome(async () => openSqlite(file).close()),
      mysql: await outcome(async () => {
        await migrateMysql(driver);
        await new SqlStore(driver).identify(LAYOUT_TEXT);
      }),
    };
  } finally {
    await driver.close();
  }
}

async function outcome(work: () => Promise<unknown>): Promise<string> {
  try {
    await work();
    return 'serves';
  } catch (error) {
    return (error instanceof LeafcutterError && error.reason) || String(error);
  }
}
