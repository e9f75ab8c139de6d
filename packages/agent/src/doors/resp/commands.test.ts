import { afterEach, describe, expect, test } from '@jest/globals';
import { Address } from '@leafcutter/shared/config/address';
import type { Listening } from '@leafcutter/shared/http/listen';
import { ANYWHERE, doorAgent, RawClient } from '../../fakes/door-agent.ts';
import { listenResp } from './server.ts';

let listening: Listening | undefined;

afterEach(async () => {
  await listening?.close(0);
});

/** A Redis door on an agent of its own, and all that it answers to commands until QUIT, which is answered last. */
async function open(tokens: readonly string[] = [], announce?: Address) {
  const { agent } = doorAgent(tokens);
  Object.assign(agent.config.resp, { announce });
  const door = await listenResp(ANYWHERE, agent, 'resp.listen');
  listening = door;
  const talk = async (...lines: readonly string[]) => {
    const client = await RawClient.of(door, `${lines.join('\r\n')}\r\nQUIT\r\n`);
    return (await client.closed)
      .replace(/\+OK\r\n$/, '')
      .split('\r\n')
      .slice(0, -1);
  };
  return { agent, door, talk };
}

const ABORTED = '-EXECABORT Transaction discarded because of previous errors.';

describe('a transaction', () => {
  test('answers as in Redis, the IDs drawn at EXEC', async () => {
    const { talk } = await open();
    const given = await talk('MULTI', 'INCR a', 'PING', 'INCRBY a 10', 'LC.NEXT a 2', 'EXEC', 'INCR a');
    expect(given).toEqual([
      ...['+OK', '+QUEUED', '+QUEUED', '+QUEUED', '+QUEUED', '*4'],
      ...[':1', '+PONG', ':11', '*2', '$2', '12', '$2', '13', ':14'],
    ]);
  });

  test.each([
    ['is discarded', ['DISCARD'], ['+OK']],
    ['has a command that is not here', ['EXPIRE a 60', 'EXEC'], [/^-NOPERM/, ABORTED]],
    ['has a command without its arguments', ['INCRBY a', 'EXEC'], [/^-BAD_REQUEST/, ABORTED]],
    ['has a command that is too large', [`SET ${'a '.repeat(70)}`, 'EXEC'], [/^-NOPERM/, ABORTED]],
    ['is reset', ['RESET', 'EXEC'], ['+RESET', /^-NOAUTH/]],
    ['has a tag that its token does not open', ['INCR other', 'EXEC'], [/^-NOPERM/, ABORTED]],
  ])('that %s burns nothing', async (_, lines, answers) => {
    const { agent, talk } = await open(['secret']);
    agent.tokens.replace(['secret'], ['a scoped']);
    const given = await talk('AUTH scoped', 'MULTI', 'INCR a', 'INCRBY a 50', ...lines);
    expect(given).toEqual([
      ...['+OK', '+OK', '+QUEUED', '+QUEUED'],
      ...answers.map((answer) => (answer instanceof RegExp ? expect.stringMatching(answer) : answer)),
    ]);
    expect(await talk('AUTH secret', 'INCR a')).toEqual(['+OK', ':1']);
  });

  test('whose client leaves burns nothing', async () => {
    const { door, talk } = await open();
    const client = await RawClient.of(door);
    expect(await client.ask('MULTI\r\nINCR a\r\n')).toBe('+OK\r\n+QUEUED\r\n');
    client.socket.destroy();
    expect(await talk('INCR a')).toEqual([':1']);
  });

  test('NEGATIVE CONTROL: the same commands without MULTI draw', async () => {
    const { talk } = await open();
    expect(await talk('INCR a', 'INCRBY a 50', 'EXPIRE a 60')).toEqual([
      ':1',
      ':51',
      expect.stringMatching(/^-NOPERM/),
    ]);
    expect(await talk('INCR a')).toEqual([':52']);
  });

  test.each([
    ['commands', 'PING', 10_000],
    ['bytes', `ECHO ${'x'.repeat(1_000)}`, 257],
  ])('holds so many %s and no more, and burns nothing then', async (_, line, most) => {
    const { talk } = await open();
    const lines = Array.from({ length: most + 1 }, () => line);
    const given = await talk('MULTI', 'INCR a', ...lines.slice(2), 'EXEC', 'INCR b');
    expect(given.filter((answer) => answer.startsWith('-'))).toEqual([]);
    const more = await talk('MULTI', 'INCR a', ...lines, 'EXEC', 'INCR b');
    expect(more.filter((answer) => answer.startsWith('-'))).toEqual([
      expect.stringMatching(/^-BAD_REQUEST a transaction may hold 10000 commands/),
      ABORTED,
    ]);
    expect(await talk('INCR a', 'INCR b')).toEqual([':2', ':103']);
  });

  test('may answer more than is written at once', async () => {
    const { talk } = await open();
    const given = await talk('MULTI', ...Array.from({ length: 10_000 }, () => 'INFO'), 'EXEC', 'INCR a');
    expect(given.filter((line) => line === 'role:master')).toHaveLength(10_000);
    expect(given.at(-1)).toBe(':1');
  });
});

describe('a command that is repeated byte by byte', () => {
  const INCR = '*2\r\n$4\r\nINCR\r\n$1\r\na\r\n';

  test('is judged anew once the tokens change, or another is shown', async () => {
    const { agent, door } = await open(['secret']);
    const client = await RawClient.of(door);
    expect(await client.ask('AUTH secret\r\n')).toBe('+OK\r\n');
    expect(await client.ask(INCR)).toBe(':1\r\n');
    expect(await client.ask(INCR + INCR)).toBe(':2\r\n:3\r\n');
    agent.tokens.replace(['new'], ['b scoped']);
    expect(await client.ask(INCR)).toMatch(/^-NOAUTH /);
    expect(await client.ask('AUTH new\r\n')).toBe('+OK\r\n');
    expect(await client.ask(INCR + INCR)).toBe(':4\r\n:5\r\n');
    expect(await client.ask('AUTH scoped\r\n')).toBe('+OK\r\n');
    expect(await client.ask(INCR)).toMatch(/^-NOPERM /);
    expect(await client.ask('AUTH guess\r\n')).toMatch(/^-WRONGPASS /);
    expect(await client.ask(INCR)).toMatch(/^-NOAUTH /);
    client.socket.destroy();
  });

  test('waits for EXEC in a transaction, and not after it', async () => {
    const { door } = await open();
    const client = await RawClient.of(door);
    expect(await client.ask(INCR)).toBe(':1\r\n');
    expect(await client.ask(`MULTI\r\n${INCR}${INCR}DISCARD\r\n`)).toBe(
      '+OK\r\n+QUEUED\r\n+QUEUED\r\n+OK\r\n',
    );
    expect(await client.ask(`MULTI\r\n${INCR}${INCR}EXEC\r\n${INCR}`)).toBe(
      '+OK\r\n+QUEUED\r\n+QUEUED\r\n*2\r\n:2\r\n:3\r\n:4\r\n',
    );
    client.socket.destroy();
  });
});

describe('no refusal of an ID begins with ERR, which phpredis makes a 0 of', () => {
  test.each([
    ...['INCR', 'INCR a b', 'INCRBY a', 'INCRBY a x', 'INCRBY a 0', 'INCRBY a -1', 'INCRBY a 10001'],
    ...['LC.NEXT', 'LC.NEXT a x', 'LC.SNOWFLAKE 0', `INCR ${'x'.repeat(200)}`, `INCR ${'a '.repeat(70)}`],
    ...['DECR a', 'DECRBY a 1', 'INCRBYFLOAT a 1.5', 'HINCRBY a b 1', 'GET a', 'SET a 1', 'SET a 0 NX EX 5'],
    ...['SETNX a 7', 'EXPIRE a 60', 'EVAL x 0', 'EVALSHA x 0', 'FCALL f 0', 'NONSENSE a'],
  ])('%s', async (line) => {
    const { talk } = await open();
    const given = await talk(line);
    expect(given).toEqual([expect.stringMatching(/^-(NOPERM|BAD_REQUEST) /)]);
  });

  test.each([
    ['GET a', 'IDs cannot be read'],
    ['SET a 1', 'a tag is no key'],
    ['EXPIRE a 60', 'a tag does not expire'],
    ['DECR a', 'IDs only rise'],
    ['EVAL x 0', 'it runs no scripts'],
    ['NONSENSE a b', "unknown command 'NONSENSE', with args beginning with: 'a' 'b'"],
  ])('%s says why', async (line, why) => {
    const { talk } = await open();
    expect((await talk(line))[0]).toContain(why);
  });

  test('without the token, with another one, or for a tag that it does not open', async () => {
    const { agent, talk } = await open(['secret']);
    agent.tokens.replace([], ['a scoped']);
    expect(await talk('INCR a', 'AUTH guess', 'AUTH scoped', 'INCR b')).toEqual([
      expect.stringMatching(/^-NOAUTH /),
      expect.stringMatching(/^-WRONGPASS /),
      '+OK',
      expect.stringMatching(/^-NOPERM /),
    ]);
  });
});

test('a counter that Spring makes sure of is there, and goes on', async () => {
  const { talk } = await open();
  expect(await talk('SET a 0 NX', 'SETNX a 0', 'INCR a')).toEqual(['$-1', ':0', ':1']);
});

test('commands that are too large are skipped, and their neighbours answered', async () => {
  const { door } = await open();
  const long = `*3\r\n$3\r\nSET\r\n$1\r\na\r\n$2000\r\n${'x'.repeat(2_000)}\r\n`;
  const many = `*101\r\n$3\r\nDEL\r\n${'$1\r\na\r\n'.repeat(100)}`;
  const client = await RawClient.of(door, `INCR a\r\n${long}INCR a\r\n${many}INCR a\r\nQUIT\r\n`);
  expect((await client.closed).replaceAll(/-NOPERM [^\r]*/g, '-NOPERM')).toBe(
    ':1\r\n-NOPERM\r\n:2\r\n-NOPERM\r\n:3\r\n+OK\r\n',
  );
});

describe('a client of a cluster', () => {
  test('finds one node that has every slot, at the address that it came by', async () => {
    const { door, talk } = await open();
    const { port } = door.address as { port: number };
    const [, id = ''] = await talk('CLUSTER MYID');
    expect(id).toMatch(/^[0-9a-f]{40}$/);
    expect(await talk('CLUSTER SLOTS')).toEqual([
      ...['*1', '*3', ':0', ':16383', '*3', '$9', '127.0.0.1', `:${port}`, '$40', id],
    ]);
    expect((await talk('CLUSTER NODES'))[1]).toBe(
      `${id} 127.0.0.1:${port}@${port} myself,master - 0 0 1 connected 0-16383\n`,
    );
    expect(await talk('CLUSTER SHARDS')).toContain('online');
    expect(await talk('CLUSTER INFO')).toContain('cluster_state:ok');
  });

  test('is told the address that the operator announces: ports may be mapped', async () => {
    const { talk } = await open([], new Address('ids.example', 16_390));
    expect(await talk('CLUSTER SLOTS')).toEqual(expect.arrayContaining(['ids.example', ':16390']));
    expect((await talk('CLUSTER NODES'))[1]).toContain(' ids.example:16390@16390 myself,master ');
  });

  test('learns from COMMAND where the keys are', async () => {
    const { talk } = await open();
    expect(await talk('COMMAND INFO incrby nosuch')).toEqual([
      ...['*2', '*6', '$6', 'incrby', ':3', '*2', '+write', '+fast', ':1', ':1', ':1', '$-1'],
    ]);
    expect((await talk('COMMAND')).filter((line) => line === 'incrby')).toHaveLength(1);
  });
});
