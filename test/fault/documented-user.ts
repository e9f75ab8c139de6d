import { documented } from '../support/documented-commands.ts';
import { executeSql } from '../support/mariadb-client.ts';

const USER = 'documented';
const PASSWORD = 'of-the-drill';

/**
 * Makes the user of docs/stores.md on the database of `adminUrl`, and says what the commands of docs/operations.md ask
 * about MySQL.
 */
export async function documentedUser(adminUrl: string): Promise<Record<string, string>> {
  const admin = new URL(adminUrl);
  const port = Number(admin.port);
  const database = admin.pathname.slice(1);
  const grant = await documented('sql user', 'stores.md');
  await executeSql(port, `CREATE OR REPLACE USER '${USER}'@'%' IDENTIFIED BY '${PASSWORD}'`);
  await executeSql(
    port,
    grant.replace('leafcutter.*', `\`${database}\`.*`).replace("'leafcutter'", `'${USER}'`),
  );
  return {
    DB_HOST: admin.hostname,
    DB_PORT: admin.port,
    DB_USER: USER,
    MYSQL_PWD: PASSWORD,
    DB_NAME: database,
    ADMIN_USER: admin.username,
    ADMIN_PWD: admin.password,
  };
}
