import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Verdict } from './judge.ts';
import { type Door, ROWS, type Row } from './rows.ts';

const PAGE = fileURLToPath(new URL('../../docs/clients.md', import.meta.url));

/** What became of one row. */
export interface Tried {
  readonly row: Row;
  readonly version: string;
  /** At our door. */
  readonly here: Verdict;
  /** At a redis-server; undefined for HTTP. */
  readonly there: Verdict | undefined;
}

export interface NotTried {
  readonly row: Row;
  readonly why: string;
}

const HEAD: Readonly<Record<Door, readonly string[]>> = {
  redis: ['Client', 'Language', 'Version', 'Tried', 'At the Redis door', 'At a redis-server', 'Good to know'],
  http: ['Client', 'Language', 'Version', 'Tried', 'At the HTTP door', 'Good to know'],
  grpc: ['Client', 'Language', 'Version', 'Tried', 'At the gRPC door', 'Good to know'],
};

const cell = (text: string) => text.replaceAll('|', '\\|').replaceAll(/\s+/g, ' ').replaceAll('`', '’');
const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |\n`;

function shown({ works, fails }: Verdict): string {
  if (fails.length === 0) return works.join(', ');
  return `**fails** ${fails.map(cell).join('; ')}`;
}

/** A row's line begins so; it is how the lines of an earlier page are known. */
const keyOf = ({ title, kit }: Row) => `| ${title} | ${kit.language} |`;

function lineOf({ row, version, here, there }: Tried, day: string): string {
  const columns = [row.title, row.kit.language, version, day, shown(here)];
  return line([...columns, ...(there === undefined ? [] : [shown(there)]), row.advice ?? '']);
}

/** A row's line: of what was tried now, and else what an earlier run wrote. */
function lines(tried: readonly Tried[], day: string): ReadonlyMap<Row, string> {
  const page = existsSync(PAGE) ? readFileSync(PAGE, 'utf8') : '';
  const [, ...parts] = page.split(/^## /m);
  const found = new Map<Row, string>();
  for (const row of ROWS) {
    const now = tried.find((one) => one.row === row);
    const part = parts.find((each) => each.toLowerCase().startsWith(row.door));
    const before = part?.split('\n').find((text) => text.startsWith(keyOf(row)));
    const text = now === undefined ? before : lineOf(now, day);
    if (text !== undefined) found.set(row, `${text.trimEnd()}\n`);
  }
  return found;
}

/** Writes docs/clients.md. What was not tried in this run stays as it stands there. */
export function writePage(tried: readonly Tried[], notTried: readonly NotTried[], day: string): string {
  const found = lines(tried, day);
  const tables = (['redis', 'http', 'grpc'] as const).map((door) => {
    const ofDoor = [...found].filter(([row]) => row.door === door).map(([, text]) => text);
    const head = HEAD[door];
    return { count: ofDoor.length, text: line(head) + line(head.map(() => '---')) + ofDoor.join('') };
  });
  type Table = (typeof tables)[0];
  const [redis, http, grpc] = tables as [Table, Table, Table];
  const reasons = new Map(notTried.map(({ row, why }) => [row, why]));
  const missing = ROWS.filter((row) => !found.has(row)).map(
    (row) => `- ${row.title} (${row.kit.language}): ${cell(reasons.get(row) ?? 'not tried yet')}\n`,
  );
  const text = `# Clients

Made by \`npm run test:clients\`: real clients from their package managers, each run through a short program against an agent, and
Redis clients against a redis-server as well. Each ID has to be the one after the last, so none is lost or burnt on the way.

## Redis: ${redis.count} clients and ways of using them

INCR three times, INCRBY 10, two INCR in a transaction if the client has them; an INCR past 2^53 − 1, whose refusal has to be an error and no
number; and there \`LC.NEXT\`, whose text has to be exact. "Cluster" is the client's cluster mode, which needs no setting at the agent unless
ports are mapped (\`resp.announce\`, [doors](doors.md)).

${redis.text}
## HTTP: ${http.count} clients and ways of using them

\`GET /v1/ids/{tag}\` three times, once with \`Accept: application/json\`, \`?count=3\`, Leaf's address, and a tag that does not exist, which has to be
404.

${http.text}
## gRPC: ${grpc.count} clients and ways of using them

\`NextId\` three times, \`NextIds\` with a count of 3, and a tag that does not exist, which has to be NOT_FOUND.

${grpc.text}${missing.length === 0 ? '' : `\n## Not run\n\n${missing.join('')}`}`;
  writeFileSync(PAGE, text);
  return PAGE;
}
