import { afterEach, describe, expect, test } from '@jest/globals';
import type { Address } from '@leafcutter/shared/config/address';
import { FakeClock } from '@leafcutter/shared/fake-clock';
import { type Listening, listen } from '@leafcutter/shared/http/listen';
import { ServiceApp } from '@leafcutter/shared/http/service-app';
import { leafStem } from '@leafcutter/shared/tag';
import type { Segment } from '../../domain/segments/segment.ts';
import { Tags } from '../../domain/segments/tags.ts';
import { ANYWHERE, doorAgent } from '../../fakes/door-agent.ts';
import { RecordedAgentEvents } from '../../fakes/recorded-events.ts';
import { middling, SEGMENT_RULES } from '../../fakes/samples.ts';
import { directDoor } from '../http/direct/direct-door.ts';
import { guardsOf } from '../http/guards.ts';
import { addLeafRoutes } from './routes.ts';
import type { DottedKeys } from './tag-of-key.ts';

const STEP = 10n;

/** A table as Leaf and agents share it: each row has a counter of its own. */
class Table {
  readonly #counters: Map<string, bigint>;

  constructor(rows: Record<string, bigint>) {
    this.#counters = new Map(Object.entries(rows));
  }

  async fetchSegment(tag: string): Promise<Segment> {
    const start = this.#counters.get(tag);
    if (start === undefined) throw new Error(`no row ${tag}`);
    this.#counters.set(tag, start + STEP);
    return { start, end: start + STEP };
  }
}

let doors: Listening[] = [];

afterEach(async () => {
  for (const door of doors) await door.close(0);
  doors = [];
});

/** Leaf's door of one agent, straight from the socket and by way of the HTTP server. */
async function open(dottedKeys: DottedKeys, table: Table) {
  const { agent } = doorAgent();
  const [rules, clock] = [SEGMENT_RULES, new FakeClock()];
  const leaf = { enabled: true, dottedKeys };
  Object.assign(agent, {
    tags: new Tags({ source: table, clock, random: middling, rules, events: new RecordedAgentEvents() }),
    config: { ...agent.config, leaf, goLeaf: { enabled: false }, listen: ANYWHERE, allowedHosts: [] },
  });
  const app = new ServiceApp({ bodyLimitBytes: 1_024, onError: () => undefined });
  addLeafRoutes(app, agent, guardsOf(agent));
  const sealed = app.seal();
  const ask = async (ahead: boolean) => {
    const door = await listen(ANYWHERE, sealed, 'listen', ahead ? { ahead: directDoor(agent) } : {});
    doors.push(door);
    const url = `http://127.0.0.1:${(door.address as Address).port}`;
    return (path: string, headers: Record<string, string> = {}) => fetch(url + path, { headers });
  };
  return { direct: await ask(true), ordinary: await ask(false), agent };
}

/** What a client of Leaf had for its key before it moved, and what our door gives it after that. */
async function move(key: string, dottedKeys: DottedKeys) {
  const table = new Table({ acct: 1n, 'acct.v2': 1n });
  const had: bigint[] = [];
  for (let n = 0; n < 3; n++) {
    const { start, end } = await table.fetchSegment(leafStem(key) ?? key);
    for (let id = start; id < end; id++) had.push(id);
  }
  const { direct, ordinary } = await open(dottedKeys, table);
  const answers: string[] = [];
  for (let n = 0; n < 12; n++) {
    for (const ask of [direct, ordinary]) answers.push(await (await ask(`/api/segment/get/${key}`)).text());
  }
  const given = answers.filter((answer) => /^\d+$/.test(answer)).map(BigInt);
  const repeated = given.filter((id) => had.includes(id)).length;
  return { given: given.length, repeated, distinct: new Set(given).size, answers };
}

describe('a client of Leaf that moves with a key with a dot', () => {
  test('gets nothing that it had if keys are cut, and from one counter on both ways', async () => {
    const { given, repeated, distinct } = await move('acct.v2', 'cut');
    expect([given, repeated, distinct]).toEqual([24, 0, 24]);
  });

  test('gets nothing at all until somebody chose, and is told how to', async () => {
    const { given, answers } = await move('acct.v2', 'refuse');
    expect(given).toBe(0);
    expect(answers[0]).toMatch(/^BAD_REQUEST: Leaf cuts the key "acct\.v2" .* leaf\.dottedKeys/);
  });

  test('NEGATIVE CONTROL: with keys taken whole, as they were before, gets IDs that it had', async () => {
    const { given, repeated } = await move('acct.v2', 'whole');
    expect([given, repeated]).toEqual([24, 24]);
  });

  test.each<DottedKeys>(['refuse', 'cut', 'whole'])(
    'and one without a dot notices nothing of it: %s',
    async (dottedKeys) => {
      const { given, repeated, distinct } = await move('acct', dottedKeys);
      expect([given, repeated, distinct]).toEqual([24, 0, 24]);
    },
  );
});

test('a token is asked for the tag that is drawn from, not for the key', async () => {
  const { agent, direct, ordinary } = await open('cut', new Table({ acct: 1n, 'acct.v2': 1n }));
  agent.tokens.replace([], ['acct opens-the-row', 'acct.v2 opens-the-key']);
  for (const ask of [direct, ordinary]) {
    const status = async (token: string) =>
      (await ask('/api/segment/get/acct.v2', { authorization: `Bearer ${token}` })).status;
    expect([await status('opens-the-row'), await status('opens-the-key')]).toEqual([200, 500]);
  }
});
