import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Verdict } from './judge.ts';
import type { Door, Row } from './rows.ts';

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
  redis: ['Client', 'Language', 'Version', 'At the Redis door', 'At a redis-server', 'Good to know'],
  http: ['Client', 'Language', 'Version', 'At the HTTP door', 'Good to know'],
};

const cell = (text: string) => text.replaceAll('|', '\\|').replaceAll(/\s+/g, ' ').replaceAll('`', '’');
const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |\n`;

function shown({ works, fails }: Verdict): string {
  if (fails.length === 0) return works.join(', ');
  return `**fails** ${fails.map(cell).join('; ')}`;
}

function table(door: Door, tried: readonly Tried[]): string {
  const rows = tried.filter(({ row }) => row.door === door);
  const head = HEAD[door];
  const lines = rows.map(({ row, version, here, there }) => {
    const columns = [row.title, row.kit.language, version, shown(here)];
    return line([...columns, ...(there === undefined ? [] : [shown(there)]), row.advice ?? '']);
  });
  return line(head) + line(head.map(() => '---')) + lines.join('');
}

/** Writes docs/clients.md. */
export function writePage(tried: readonly Tried[], notTried: readonly NotTried[], day: string): string {
  const count = (door: Door) => tried.filter(({ row }) => row.door === door).length;
  const missing = notTried.map(({ row, why }) => `- ${row.title} (${row.kit.language}): ${cell(why)}\n`);
  const text = `# Clients

Made by \`npm run test:clients\` on ${day}: real clients from their package managers, each run through a short program against an
agent, and Redis clients against a redis-server as well. Each ID has to be the one after the last, so none is lost or burnt on the way.

## Redis: ${count('redis')} clients and ways of using them

INCR three times, INCRBY 10, two INCR in a transaction if the client has them; an INCR past 2^53 − 1, whose refusal has to be an error and no
number; and there \`LC.NEXT\`, whose text has to be exact. "Cluster" is the client's cluster mode, which needs no setting at the agent
([doors](doors.md#redis-protocol)).

${table('redis', tried)}
## HTTP: ${count('http')} clients and ways of using them

\`GET /v1/ids/{tag}\` three times, once with \`Accept: application/json\`, \`?count=3\`, Leaf's address, and a tag that does not exist, which has to be
404.

${table('http', tried)}${missing.length === 0 ? '' : `\n## Not run\n\n${missing.join('')}`}`;
  writeFileSync(PAGE, text);
  return PAGE;
}
