import { spawnSync } from 'node:child_process';
import { closeSync, constants, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { metric } from '../support/metric.ts';
import { leafcutter } from '../support/process.ts';
import { scratchDir } from '../support/scratch-dir.ts';
import { Service } from '../support/service.ts';

/** A disk without space. */
const full = openSync('/dev/full', 'w');
let coordinator: Service;

beforeAll(async () => {
  coordinator = await Service.start({
    kind: 'coordinator',
    name: 'mute',
    stdout: full,
    flags: ['--data-dir', await scratchDir('log-places'), '--auto-create-tags', '--log-level', 'trace'],
  });
});

afterAll(async () => {
  await coordinator?.stop();
  closeSync(full);
});

function agent(name: string, stdout: number, ...flags: string[]): Promise<Service> {
  const common = ['--coordinators', coordinator.url, '--log-level', 'trace'];
  return Service.start({ kind: 'agent', name, flags: [...common, ...flags], stdout });
}

/** IDs of new tags; each new tag is logged. */
async function drawNew(from: Service, tags: number): Promise<number> {
  let served = 0;
  for (let n = 0; n < tags; n++) {
    const response = await fetch(`${from.url}/v1/ids/${from.name}-${n}`);
    await response.text();
    served += Number(response.ok);
  }
  return served;
}

test('workers whose log has no space start, serve and stop', async () => {
  const workers = await agent('workers', full, '--workers', '2');
  expect(await drawNew(workers, 20)).toBe(20);
  await workers.stop();
  expect(await workers.process.exited).toEqual({ code: 0, signal: null });
});

test('a log that nobody reads holds up nothing', async () => {
  const pipe = join(await scratchDir('log-pipe'), 'log');
  expect(spawnSync('mkfifo', [pipe]).status).toBe(0);
  // Opened for reading too, so that there is a reader, which never reads.
  const fd = openSync(pipe, constants.O_RDWR | constants.O_NONBLOCK);
  expect(() => {
    for (;;) writeSync(fd, 'a line\n');
  }).toThrow('EAGAIN');
  const unread = await agent('unread', fd);
  expect(await drawNew(unread, 20)).toBe(20);
  expect(await metric('leafcutter_agent_log_lines_dropped_total', unread)).toBe(0);
  await unread.stop();
  expect(await unread.process.exited).toEqual({ code: 0, signal: null });
  closeSync(fd);
});

test('a coordinator whose log has no space stops', async () => {
  await coordinator.stop();
  expect(await coordinator.process.exited).toEqual({ code: 0, signal: null });
});

test('a command says that not all could be printed', async () => {
  const help = leafcutter(['agent', '--help'], {}, undefined, full);
  expect((await help.exited).code).toBe(1);
  expect(help.tail()).toContain('Some output could not be printed: ENOSPC');
});
