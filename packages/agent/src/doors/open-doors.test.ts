import { connect } from 'node:net';
import { expect, test } from '@jest/globals';
import type { Address } from '@leafcutter/shared/config/address';
import { ANYWHERE, doorAgent } from '../fakes/door-agent.ts';
import { openDoors } from './open-doors.ts';

test.each([true, false])('the HTTP door holds maxConnections, with directHttp %s', async (directHttp) => {
  const { agent, ended } = doorAgent();
  const off = { enabled: false };
  const config = {
    ...agent.config,
    listen: ANYWHERE,
    directHttp,
    maxConnections: 1,
    allowedHosts: [],
    leaf: off,
    goLeaf: off,
    tinyid: off,
    grpc: {},
    unix: {},
  };
  const doors = await openDoors(Object.assign(agent, { config }));
  const { port } = doors.places.listen as Address;
  const ask = 'GET /v1/ids/orders HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n';
  const known = connect(port, '127.0.0.1', () => known.write(ask));
  expect(String(await new Promise((resolve) => known.once('data', resolve)))).toMatch(/^HTTP\/1.1 200 /);
  await expect(fetch(`http://127.0.0.1:${port}/v1/ids/orders`)).rejects.toThrow();
  expect(await ended()).toEqual({ door_full: 1 });
  known.destroy();
  await doors.close(0);
});
