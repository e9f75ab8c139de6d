import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { toEdn } from './edn.ts';
import { History } from './history.ts';
import { toJsonl } from './jsonl.ts';
import { writeLines } from './write-lines.ts';

const ORDERS = { agent: 'agent-1', instanceId: 'uuid', source: 'orders' };

/** Two overlapping calls that are answered, one that is refused, and one that is not answered. */
function sample(): History {
  let now = 0;
  const history = new History(() => (now += 100));
  const [first, second] = [history.newProcess(), history.newProcess()];
  const batch = history.invoke({ ...ORDERS, process: first, count: 5 });
  const single = history.invoke({ ...ORDERS, instanceId: undefined, process: second, count: 1 });
  history.ok(single, [9n]);
  history.ok(batch, [1n, 2n, 3n, 4n, 7n]);
  history.fail(history.invoke({ ...ORDERS, process: first, count: 1 }), 'SEGMENTS_EXHAUSTED');
  history.info(history.invoke({ ...ORDERS, process: second, count: 2, source: 'snowflake' }), 'NO_ANSWER');
  return history;
}

describe('a history', () => {
  test('tells what happened in the order in which it happened', () => {
    const events = [...sample().events()];
    expect(events.map(({ type, call }) => `${call.process} ${type}`)).toEqual([
      ...['0 invoke', '1 invoke', '1 ok', '0 ok'],
      ...['0 invoke', '0 fail', '1 invoke', '1 info'],
    ]);
    expect(events.map(({ timeNs }) => timeNs)).toEqual([100, 200, 300, 400, 500, 600, 700, 800]);
  });

  test('walks the answered calls as often as asked, and counts IDs', () => {
    const history = sample();
    const ids = () => [...history.issued].map((call) => [...call.ids]);
    expect([ids(), ids()]).toEqual(Array(2).fill([[1n, 2n, 3n, 4n, 7n], [9n]]));
    expect([history.size, history.idCount]).toEqual([4, 6]);
  });

  test('learns afterwards who answered', () => {
    const history = sample();
    history.attribute(1, 'late');
    expect([history.call(0).instanceId, history.call(1).instanceId]).toEqual(['uuid', 'late']);
  });

  test('lets no process call twice at once, nor after a call without an answer', () => {
    const history = sample();
    expect(() => history.invoke({ ...ORDERS, process: 1, count: 1 })).toThrow('process 1 is gone');
    const open = history.invoke({ ...ORDERS, process: 0, count: 1 });
    expect(() => history.invoke({ ...ORDERS, process: 0, count: 1 })).toThrow('process 0 is calling');
    history.ok(open, [1n]);
    expect(() => history.ok(open, [1n])).toThrow('has ended already');
  });
});

describe('a history file', () => {
  test('has one JSON document a line, runs of IDs as ranges', () => {
    const lines = [...toJsonl(sample())].map((line) => JSON.parse(line) as object);
    const common = { f: 'draw', agent: 'agent-1', tag: 'orders' };
    expect(lines).toHaveLength(8);
    expect(lines[0]).toEqual({
      ...common,
      index: 0,
      type: 'invoke',
      process: 0,
      instance: 'uuid',
      count: 5,
      time: 100,
    });
    expect(lines[2]).toMatchObject({ type: 'ok', instance: null, value: ['9'] });
    expect(lines[3]).toMatchObject({
      type: 'ok',
      value: [
        ['1', '5'],
        ['7', '8'],
      ],
    });
    expect(lines[5]).toMatchObject({ type: 'fail', code: 'SEGMENTS_EXHAUSTED' });
    expect(lines[7]).toMatchObject({ type: 'info', tag: 'snowflake', code: 'NO_ANSWER' });
  });

  test('for Jepsen has one operation per ID, each of a process of its own, of one source', () => {
    const lines = [...toEdn(sample(), 'orders')];
    const rest = ':tag "orders", :node "agent-1"';
    expect(lines).toHaveLength(5 + 1 + 1 + 5 + 2);
    expect(lines[4]).toBe(
      `{:index 4, :type :invoke, :process 4, :f :generate, :value nil, :time 100, ${rest}}\n`,
    );
    expect(lines[6]).toBe(
      `{:index 6, :type :ok, :process 10000, :f :generate, :value 9, :time 300, ${rest}}\n`,
    );
    expect(lines[11]).toMatch(/^\{:index 11, :type :ok, :process 4, :f :generate, :value 7,/);
    expect(lines[13]).toContain(':type :fail, :process 0, :f :generate, :value nil');
    expect(lines[13]).toContain(':error "SEGMENTS_EXHAUSTED"');
  });

  test('is written whole', async () => {
    const file = join(tmpdir(), `history-${crypto.randomUUID()}.jsonl`);
    const lines = Array.from({ length: 50_000 }, (_, index) => `line ${index}\n`);
    await writeLines(file, lines);
    expect(await readFile(file, 'utf8')).toBe(lines.join(''));
  });
});
