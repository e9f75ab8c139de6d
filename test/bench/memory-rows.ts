import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { Tags } from '@leafcutter/agent/domain/segments/tags';
import { connect, type Ids } from '@leafcutter/client';
import type { Clock } from '@leafcutter/shared/clock';
import { FakeClock } from '@leafcutter/shared/fake-clock';
import { systemClock } from '@leafcutter/shared/system-clock';
import type { Row } from './rounds.ts';

const KNOWN = 100_000;
const ACTIVE = 10_000;
const STEP = 1_000n;
/** After this long without a caller, in seconds, a tag is idle. */
const IDLE_S = 120;
const ASKED = 'asked: ≤ 600';
const CLIENT_TIMEOUT_MS = 1_000;

type Progress = (text: string) => void;

export async function memoryRows(progress: Progress): Promise<Row[]> {
  return [await manyTags(progress), await idleTags(progress)];
}

/** What 100,000 tags in one agent take, 10,000 of them in use: memory each, and a second's tick over all of them. */
async function manyTags(progress: Progress): Promise<Row> {
  progress(`memory: ${KNOWN} tags`);
  const tags = agentTags(KNOWN, systemClock);
  const empty = heapUsed();
  for (let n = 0; n < KNOWN; n++) await tags.take(name(n), 1);
  const known = heapUsed();
  // A tag in use holds two segments and has a rate.
  for (let n = 0; n < ACTIVE; n++) await tags.take(name(n), 500);
  await sleep(1_100);
  const active = heapUsed();
  const ticks = await slowestTurns(3_500);
  tags.close();
  return {
    row: `one agent with ${KNOWN.toLocaleString('en')} tags in memory, ${ACTIVE.toLocaleString('en')} of them active`,
    figures: {
      'heap per tag': bytes(known - empty, KNOWN),
      'more per active tag': bytes(Math.max(0, active - known), ACTIVE),
      timers: '1 for all tags, and 1 per tag while somebody waits or a refill is retried',
      'longest turn of the event loop, a tick of all tags in it': `${ticks.toFixed(0)} ms`,
    },
  };
}

/** What a tag takes that was drawn from once and then left alone, in an agent and in a client. */
async function idleTags(progress: Progress): Promise<Row> {
  progress(`memory: ${ACTIVE} idle tags`);
  const clock = new FakeClock();
  const tags = agentTags(ACTIVE, clock);
  const empty = heapUsed();
  for (let n = 0; n < ACTIVE; n++) await tags.take(name(n), 1);
  for (let second = 0; second < IDLE_S; second++) await clock.advance(1_000);
  const inAgent = heapUsed() - empty;
  tags.close();
  const inClient = await idleClients();
  return {
    row: 'heap of an idle tag, drawn from once',
    figures: {
      'in an agent': `${bytes(inAgent, ACTIVE)} (${ASKED})`,
      'in a client': `${bytes(inClient, ACTIVE)} (${ASKED})`,
    },
  };
}

/** The heap that the client takes for `ACTIVE` tags of one agent. */
async function idleClients(): Promise<number> {
  let end = 1n;
  const server = createServer((request, response) => {
    const start = end;
    end += BigInt(/count=([0-9]+)/.exec(request.url ?? '')?.[1] ?? 0);
    response.end(JSON.stringify({ ranges: [{ start: String(start), end: String(end) }] }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const drawn = async (tag: string): Promise<Ids> => {
    const ids = await connect({ endpoint, tag, timeoutMs: CLIENT_TIMEOUT_MS });
    ids.next();
    return ids;
  };
  const clients = [await drawn('first')];
  const empty = heapUsed();
  for (let n = 0; n < ACTIVE; n++) clients.push(await drawn(name(n)));
  // The requests' signals go with their last timer, and what watched them in a turn after that.
  for (let collected = 0; collected < 3; collected++) {
    await sleep(CLIENT_TIMEOUT_MS);
    heapUsed();
  }
  const used = heapUsed() - empty;
  for (const client of clients) client.close();
  server.closeAllConnections();
  server.close();
  return used;
}

/** An agent's tags, whose segments come at once. */
function agentTags(maxTags: number, clock: Clock): Tags {
  const ends = new Map<string, bigint>();
  for (let n = 0; n < maxTags; n++) ends.set(name(n), 1n);
  const source = {
    async fetchSegment(tag: string) {
      const start = ends.get(tag) ?? 1n;
      ends.set(tag, start + STEP);
      return { start, end: start + STEP };
    },
  };
  const nothing = () => undefined;
  const events = {
    refilled: nothing,
    refillFailed: nothing,
    refillRetried: nothing,
    discarded: nothing,
    waited: nothing,
    nameRefused: nothing,
  };
  const rules = { prefetchAtUsedRatio: 0.1, maxWaiting: 10_000, waitMs: 2_000, maxTags, idleMs: 3_600_000 };
  return new Tags({ source, clock, random: Math.random, rules, events });
}

function heapUsed(): number {
  if (globalThis.gc === undefined) throw new Error('memory is measured with --expose-gc');
  globalThis.gc();
  return process.memoryUsage().heapUsed;
}

function bytes(total: number, count: number): string {
  return `${Math.round(total / count).toLocaleString('en')} bytes`;
}

/** The longest time between two turns of the event loop. */
async function slowestTurns(ms: number): Promise<number> {
  let longest = 0;
  let last = performance.now();
  const end = last + ms;
  while (last < end) {
    await new Promise((resolve) => setImmediate(resolve));
    const now = performance.now();
    longest = Math.max(longest, now - last);
    last = now;
  }
  return longest;
}

function name(n: number): string {
  return `tag-${String(n).padStart(6, '0')}`;
}
