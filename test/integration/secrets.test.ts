import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { agentSettings } from '@leafcutter/agent/settings';
import { coordinatorSettings } from '@leafcutter/coordinator/settings';
import { environmentName } from '@leafcutter/shared/config/names';
import type { SettingIndex } from '@leafcutter/shared/config/settings';
import { poll } from '../support/poll.ts';
import { freePort } from '../support/ports.ts';
import { leafcutter, type RunningProcess } from '../support/process.ts';
import { scratchDir } from '../support/scratch-dir.ts';
import { Service } from '../support/service.ts';

/** A value for a secret setting, with a part that no output may hold. A new kind of secret has to be added here. */
const FORMS: Readonly<Record<string, (secret: string) => string>> = {
  'mysql.url': (secret) => `mysql://root:${secret}@127.0.0.1:1/leafcutter`,
  'redis.url': (secret) => `redis://user:${secret}@127.0.0.1:1`,
  'redis.sentinels': (secret) => `redis://user:${secret}@127.0.0.1:1`,
  opaqueKeys: (secret) => `1=${secret}-and-some-more-to-be-long-enough`,
  scopedTokens: (secret) => `orders ${secret}`,
  scopedAgentTokens: (secret) => `orders ${secret}`,
  'tinyid.tokens': (secret) => `orders=${secret}`,
};

/** Every secret setting of a service, by key: the variable that gives it, and what must not be told. */
function secretsOf({ byKey }: SettingIndex, service: string) {
  const keys = [...byKey].filter(([, { isSecret }]) => isSecret).map(([key]) => key);
  return keys.map((key) => {
    const secret = `hidden-${service}-${key.replaceAll('.', '-')}`;
    return { key, secret, variable: environmentName(key), value: (FORMS[key] ?? String)(secret) };
  });
}

const ofCoordinator = secretsOf(coordinatorSettings, 'coordinator');
const ofAgent = secretsOf(agentSettings, 'agent');
const all = [...ofCoordinator, ...ofAgent];
const variables = (secrets: typeof all, without: RegExp = /^$/) =>
  Object.fromEntries(
    secrets.filter(({ key }) => !without.test(key)).map(({ variable, value }) => [variable, value]),
  );
const told = (text: string) => all.filter(({ secret }) => text.includes(secret)).map(({ key }) => key);

let coordinator: Service;
let agent: Service;
const others: RunningProcess[] = [];

beforeAll(async () => {
  const data = join(await scratchDir('secrets'), 'data');
  coordinator = await Service.start({
    kind: 'coordinator',
    name: 'coordinator',
    flags: ['--data-dir', data, '--auto-create-tags', '--log-level', 'trace'],
    env: variables(ofCoordinator, /^(mysql|redis)\./),
  });
  agent = await Service.start({
    kind: 'agent',
    name: 'agent',
    flags: [
      '--coordinators',
      coordinator.url,
      '--snowflake-enabled',
      '--tinyid-enabled',
      '--log-level',
      'trace',
    ],
    // The agent sends what the coordinator takes.
    env: {
      ...variables(ofAgent),
      LEAFCUTTER_COORDINATOR_TOKEN: 'hidden-coordinator-agentTokens',
      LEAFCUTTER_OPAQUE_KEYS: '',
    },
  });
});

afterAll(async () => {
  for (const process of others) await process.kill();
  await agent?.stop();
  await coordinator?.stop();
});

async function read(service: Service, path: string, token: string, init: RequestInit = {}): Promise<string> {
  const response = await fetch(service.url + path, {
    ...init,
    headers: { authorization: `Bearer ${token}`, ...init.headers },
  });
  return `${response.status} ${await response.text()}`;
}

describe('no secret of any setting', () => {
  test('is told by the doors, in answers, refusals, metrics or status, nor in the log at its most talkative', async () => {
    const agentToken = 'hidden-agent-tokens';
    const adminToken = 'hidden-coordinator-adminTokens';
    const answers = [
      await read(agent, '/v1/ids/orders', agentToken),
      await read(agent, '/v1/snowflake', agentToken),
      ...(await Promise.all(
        ['/v1/status', '/metrics', '/readyz', '/', '/cache'].map((path) => read(agent, path, agentToken)),
      )),
      await read(agent, '/v1/ids/orders', 'hidden-agent-coordinatorToken'),
      await read(agent, '/tinyid/id/nextId?bizType=orders&token=hidden-agent-tinyid-tokens', 'none'),
      ...(await Promise.all(
        ['/v1/tags', '/v1/agents', '/v1/jobs', '/metrics', '/openapi.json'].map((path) =>
          read(coordinator, path, adminToken),
        ),
      )),
      await read(coordinator, '/v1/tags', 'hidden-coordinator-viewerTokens', {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: '{"tag":1}',
      }),
    ];
    expect(answers.filter((answer) => answer.startsWith('200')).length).toBeGreaterThan(8);
    expect(told(answers.join('\n'))).toEqual([]);
    expect(told([...agent.process.lines, ...coordinator.process.lines].join('\n'))).toEqual([]);
    expect(coordinator.process.lines.length + agent.process.lines.length).toBeGreaterThan(5);
  });

  test('is told by a coordinator whose stores refuse it', async () => {
    const start = [
      'coordinator',
      '--listen',
      `127.0.0.1:${await freePort()}`,
      '--start-timeout-s',
      '1',
      '--log-level',
      'trace',
    ];
    const failing = leafcutter(start, variables(ofCoordinator));
    others.push(failing);
    expect((await failing.exited).code).not.toBe(0);
    expect(failing.tail()).toMatch(/MySQL/);
    expect(told(failing.lines.join('\n'))).toEqual([]);
  });

  test('is told where its value is wrong', async () => {
    for (const [kind, secrets] of [
      ['coordinator', ofCoordinator],
      ['agent', ofAgent],
    ] as const) {
      const wrong = Object.fromEntries(
        secrets.map(({ variable, secret }) => [variable, `\u0000:// ${secret}`.slice(1)]),
      );
      const failing = leafcutter([kind, '--bad-flag', 'x'], wrong);
      others.push(failing);
      await poll(() => !failing.running);
      expect((await failing.exited).code).toBe(78);
      expect(told(failing.lines.join('\n'))).toEqual([]);
    }
  });
});

test('NEGATIVE CONTROL: a secret that is told would be found, whatever setting it is of', () => {
  expect(all.length).toBeGreaterThan(9);
  expect(told(all.map(({ value }) => value).join(' ')).sort()).toEqual(all.map(({ key }) => key).sort());
});
