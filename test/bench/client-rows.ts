import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { connect } from '@leafcutter/client';
import { Snowflake } from '@sapphire/snowflake';
import FlakeId from 'flake-idgen';
import hyperid from 'hyperid';
import { v7 } from 'uuid';
import { type Round, type Row, ratios } from './rounds.ts';

const IDS = 1_000_000;

/** The result of a loop: IDs per second, how many of them came twice, and how often one was refused. */
interface Loop {
  readonly perSecond: number;
  readonly duplicates: number;
  readonly refused: number;
}

/** One ID, or undefined if the generator refuses. */
type Generator = () => unknown;

/**
 * The client's `next` and `nextString` in a tight loop beside libraries that make IDs in the process. The client's loop
 * includes fetching its ranges from a server in this same process; duplicates are counted in a loop that is not timed.
 */
export async function clientRows(rounds: number, progress: (text: string) => void): Promise<Row[]> {
  const others: readonly [string, () => Generator][] = [
    ['@sapphire/snowflake', sapphire],
    ['flake-idgen', flake],
    ['hyperid', () => hyperid()],
    ['uuid v7', () => v7],
  ];
  const rows: Row[] = [];
  for (const method of ['next', 'nextString'] as const) {
    for (const [name, make] of others) {
      const measured: Round[] = [];
      for (let round = 0; round <= rounds; round++) {
        progress(
          `client ${method}() and ${name}: ${round === 0 ? 'warming up' : `round ${round} of ${rounds}`}`,
        );
        const subject = (await clientLoop(method, undefined)).perSecond;
        const baseline = loop(make(), undefined).perSecond;
        if (round > 0) measured.push({ subject, baseline });
      }
      const theirs = loop(make(), new Set());
      rows.push({
        row: `client ${method}() vs ${name}`,
        unit: 'IDs/s',
        ...ratios(measured),
        note: `of ${IDS.toLocaleString('en')}: client ${(await clientLoop(method, new Set())).duplicates} twice; ${name} ${theirs.duplicates} twice, ${theirs.refused} refused`,
      });
    }
  }
  return rows;
}

function sapphire(): Generator {
  const snowflake = new Snowflake(0n);
  return () => snowflake.generate();
}

/** It throws if the millisecond is used up and nobody can wait. */
function flake(): Generator {
  const generator = new FlakeId();
  return () => {
    try {
      return generator.next();
    } catch {
      return undefined;
    }
  };
}

function loop(next: Generator, seen: Set<unknown> | undefined): Loop {
  let refused = 0;
  const begun = performance.now();
  for (let made = 0; made < IDS; made++) {
    const id = next();
    if (id === undefined) refused += 1;
    else seen?.add(Buffer.isBuffer(id) ? id.readBigUInt64BE() : id);
  }
  const seconds = (performance.now() - begun) / 1_000;
  const duplicates = seen === undefined ? 0 : IDS - refused - seen.size;
  return { perSecond: (IDS - refused) / seconds, duplicates, refused };
}

async function clientLoop(method: 'next' | 'nextString', seen: Set<unknown> | undefined): Promise<Loop> {
  let last = 4_000_000_000_000_000n;
  const server = createServer((req, res) => {
    const count = Number(new URL(req.url ?? '', 'http://server').searchParams.get('count'));
    const start = last;
    last += BigInt(count);
    res.setHeader('Content-Type', 'application/json');
    res.end(JSON.stringify({ ranges: [{ start: String(start), end: String(last) }] }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const ids = await connect({ endpoint, tag: 'bench', minFetch: 10_000 });
  const begun = performance.now();
  for (let made = 0; made < IDS; made++) {
    let id: bigint | string;
    try {
      id = ids[method]();
    } catch {
      // A caller that loops without a pause has to wait for the next range: nothing else could fetch it.
      id = await waited(ids, method);
    }
    seen?.add(id);
  }
  const seconds = (performance.now() - begun) / 1_000;
  ids.close();
  server.close();
  return { perSecond: IDS / seconds, duplicates: seen === undefined ? 0 : IDS - seen.size, refused: 0 };
}

async function waited(
  ids: Awaited<ReturnType<typeof connect>>,
  method: 'next' | 'nextString',
): Promise<bigint | string> {
  const id = await ids.nextAsync();
  return method === 'next' ? id : String(id);
}
