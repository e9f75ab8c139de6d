import { Readable } from 'node:stream';
import { afterEach, describe, expect, test } from '@jest/globals';
import { honest, ScriptedAgent } from '../fakes/scripted-agent.ts';
import { type Io, UsageError } from '../io.ts';
import type { Report } from './report.ts';
import { verifyCommand } from './verify-command.ts';

const stack: ScriptedAgent[] = [];

afterEach(async () => {
  for (const agent of stack.splice(0)) await agent[Symbol.asyncDispose]();
});

async function agent(name?: string): Promise<ScriptedAgent> {
  const started = await ScriptedAgent.start(name);
  stack.push(started);
  return started;
}

async function run(argv: readonly string[], stopRequested = new Promise<string>(() => undefined)) {
  const said: string[] = [];
  const io: Io = {
    argv,
    env: {},
    cwd: '/',
    watched: false,
    stopRequested,
    self: ['leafcutter'],
    node: '24.0.0',
    out: (text) => void said.push(text),
    err: () => undefined,
    onHangup: () => undefined,
    input: () => Readable.from([]),
    ask: undefined,
    tellListening: () => undefined,
    parent: undefined,
  };
  const code = await verifyCommand(io);
  return { code, output: said.join('') };
}

/** Verifies 200 IDs of `orders` with one caller per agent, and reads the report. */
async function verify(agents: readonly ScriptedAgent[], ...flags: string[]) {
  const urls = agents.map(({ url }) => url).join(',');
  const draws = ['--agents', urls, '--tag', 'orders', '--ids', '200', '--concurrency', '1'];
  const { code, output } = await run([...draws, '--json', ...flags]);
  return { code, report: JSON.parse(output) as Report };
}

/** Answers like `honest`, except one request for one ID, which gets `lie`. */
function lyingOnce(lie: bigint) {
  const truth = honest(1_000n);
  let lied = false;
  return (request: { count: number; number: number }) => {
    if (lied || request.number < 3 || request.count > 1) return truth(request);
    lied = true;
    return [lie];
  };
}

describe('leafcutter verify', () => {
  test('finds nothing wrong with an honest agent, and draws a fifth of the IDs one by one', async () => {
    const honestAgent = await agent();
    honestAgent.granted = [{ start: 1n, end: 10_000n, instanceId: honestAgent.instanceId }];
    const { code, report } = await verify([honestAgent], '--coordinator', honestAgent.url);
    expect({ code, report }).toMatchObject({
      code: 0,
      report: {
        verdict: 'ok',
        ids: 200,
        unattributed: 0,
        instances: 1,
        ledger: { checked: true, ranges: 1 },
      },
    });
    const { report: singles } = await verify([honestAgent], '--count', '1');
    expect([singles.singles, singles.requests]).toEqual([200, 200]);
  });

  test('finds an ID that two agents issued, with both calls', async () => {
    const agents = [await agent('one'), await agent('two')];
    for (const each of agents) each.script = honest();
    const { code, report } = await verify(agents, '--count', '1');
    expect([code, report.verdict]).toEqual([1, 'violated']);
    expect(report.duplicates.length).toBe(20);
    expect(report.duplicates[0]?.calls.map((call) => call.agent).sort()).toEqual(['one', 'two']);
    expect(report.falling).toEqual([]);
  });

  test('finds an ID that fell', async () => {
    const liar = await agent();
    liar.script = lyingOnce(5n);
    const { code, report } = await verify([liar], '--count', '1');
    expect([code, report.verdict]).toEqual([1, 'violated']);
    expect(report.falling).toMatchObject([{ source: 'orders', id: '5' }]);
    expect(report.duplicates).toEqual([]);
  });

  test('finds IDs that were granted to nobody, or to another process', async () => {
    const liar = await agent();
    liar.granted = [{ start: 1n, end: 101n, instanceId: liar.instanceId }];
    const beyond = await verify([liar], '--coordinator', liar.url, '--count', '1');
    expect([beyond.code, beyond.report.verdict]).toEqual([1, 'violated']);
    expect(beyond.report.ledger).toMatchObject({ checked: true, ungranted: { length: 20 } });

    liar.script = honest();
    liar.granted = [{ start: 1n, end: 10_001n, instanceId: crypto.randomUUID() }];
    expect((await verify([liar], '--coordinator', liar.url)).code).toBe(1);
  });

  test('says in words what was broken, by which calls', async () => {
    const liar = await agent();
    liar.script = lyingOnce(1_000n);
    const { code, output } = await run([
      '--agents',
      liar.url,
      '--tag',
      'orders',
      '--ids',
      '50',
      '--count',
      '1',
    ]);
    expect(code).toBe(1);
    expect(output).toMatch(/^Duplicates {2}1 FOUND\n {4}orders 1000: process \d+ of agent-1 \(.{36}\) /m);
    expect(output).toMatch(/^VERDICT: VIOLATED in 50 IDs: IDs were issued twice/m);
    expect(output).toContain('Ledger      not checked: no --coordinator was given');
  });

  test('takes refusals and broken connections for what they are', async () => {
    const flaky = await agent();
    const truth = honest();
    flaky.script = (request) => {
      if (request.number === 1) return { refuse: 'SEGMENTS_EXHAUSTED' };
      return request.number === 3 ? 'hang-up' : truth(request);
    };
    const { code, report } = await verify([flaky], '--count', '1');
    expect(code).toBe(0);
    expect(report).toMatchObject({
      ids: 200,
      requests: 202,
      refused: { SEGMENTS_EXHAUSTED: 1 },
      unanswered: { NO_ANSWER: 1 },
    });
  });

  test('raises no alarm when an agent is restarted and goes on below, as other segments may lie', async () => {
    const restarted = await agent();
    const { instanceId: first } = restarted;
    const second = crypto.randomUUID();
    const [before, after] = [honest(5_000n), honest(1n)];
    restarted.script = (request) => {
      if (request.number === 50) restarted.instanceId = second;
      return request.number < 50 ? before(request) : after(request);
    };
    restarted.granted = [
      { start: 1n, end: 5_000n, instanceId: second },
      { start: 5_000n, end: 9_000n, instanceId: first },
    ];
    const { code, report } = await verify([restarted], '--coordinator', restarted.url, '--count', '1');
    expect([code, report.verdict, report.instances]).toEqual([0, 'ok', 2]);
    // Between two looks that saw different instances, nobody knows which one answered.
    expect(report.unattributed).toBeGreaterThan(0);
  });

  test('reads the IDs of a tag that writes them in a shape, and finds the same wrong with them', async () => {
    const shaped = await agent();
    shaped.shape = 'ORD-{base36:8}';
    shaped.granted = [{ start: 1n, end: 1_000n, instanceId: shaped.instanceId }];
    const { code, report } = await verify([shaped], '--coordinator', shaped.url);
    expect([code, report.verdict, report.ids, report.ledger.checked]).toEqual([0, 'ok', 200, true]);
    shaped.script = lyingOnce(1_000n);
    expect(
      (await verify([shaped], '--coordinator', shaped.url, '--count', '1')).report.duplicates,
    ).toHaveLength(1);
  });

  test.each([
    ['ORD-{opaque-base36:8}', 'are opaque'],
    ['{yyyyMMdd}{decimal:6}', 'name the tag of the day'],
  ])('says of the shape %s at once that it cannot be verified', async (shape, why) => {
    const shaped = await agent();
    shaped.shape = shape;
    await expect(verify([shaped], '--coordinator', shaped.url)).rejects.toThrow(why);
    expect(shaped.requests).toBe(0);
  });

  test('cannot say anything where nothing came, or where the ledger cannot be read', async () => {
    const stubborn = await agent();
    stubborn.script = () => ({ refuse: 'TAG_UNKNOWN' });
    const nothing = await run(['--agents', stubborn.url, '--tag', 'orders']);
    expect(nothing.code).toBe(2);
    expect(nothing.output).toContain('VERDICT: could not verify, no ID was received');
    expect(nothing.output).toContain('8 TAG_UNKNOWN');

    const { code, report } = await verify([await agent()], '--coordinator', 'http://127.0.0.1:1');
    expect([code, report.verdict, report.ids]).toEqual([2, 'unverified', 200]);
    expect(report.ledger).toMatchObject({ checked: false, why: expect.stringContaining('No coordinator') });
  });

  test('ends early with a verdict on what was drawn when it is asked to stop, or the time is up', async () => {
    const endless = await agent();
    const draws = ['--agents', endless.url, '--tag', 'orders', '--count', '1', '--json'];
    const truth = honest();
    const stop = new Promise<string>((resolve) => {
      endless.script = (request) => {
        if (request.number === 50) resolve('SIGINT');
        return truth(request);
      };
    });
    const stopped = await run([...draws, '--ids', '20000000'], stop);
    expect(stopped).toMatchObject({ code: 0, output: expect.stringContaining('"verdict": "ok"') });
    endless.script = honest();
    // Longer if a busy machine draws nothing in a moment.
    let code: number | undefined;
    for (const duration of ['100ms', '1s', '10s', '60s']) {
      ({ code } = await run([...draws, '--duration', duration]));
      if (code === 0) break;
    }
    expect(code).toBe(0);
  });

  test('explains itself, and what it does not understand', async () => {
    expect(await run(['--help'])).toMatchObject({ code: 0, output: expect.stringContaining('Usage:') });
    const wrong = [
      [[], 'Name the agents'],
      [['--agents', 'http://a'], 'Say which IDs to request'],
      [['--agents', 'a:1', '--tag', 't'], '"a:1" is not an address'],
      [['--agents', 'http://a,http://a', '--tag', 't'], 'the same address twice'],
      [['--agents', 'http://a', '--tag', 't', '--ids', '20000001'], 'from 1 to 20000000'],
      [['--agents', 'http://a', '--tag', 't', '--duration', '5'], '--duration must be a time'],
      [['--agents', 'http://a', '--tag', 't', '--count', '7'], '--count must be 1 or mix'],
      [['--agents', 'http://a', '--tag', 't', '--history', 'x.txt'], 'ends in .jsonl or .edn'],
      [['--agents', 'http://a', '--tag', 't', '--nope'], 'verify has no flag --nope.'],
    ] as const;
    for (const [argv, sentence] of wrong) await expect(run(argv)).rejects.toThrow(sentence);
    await expect(run([])).rejects.toThrow(UsageError);
  });
});
