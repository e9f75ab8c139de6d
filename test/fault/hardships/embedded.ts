import { renameSync } from 'node:fs';
import { join } from 'node:path';
import { type FakeTime, fakeTime } from '../../support/faketime.ts';
import { CAN_MAKE_ODD_DISKS, type DiskOrder, type OddDisk, oddDisk } from '../../support/odd-disk.ts';
import { scratchDir } from '../../support/scratch-dir.ts';
import { Service } from '../../support/service.ts';
import { ArenaLoad } from '../arena-load.ts';
import { briskFlags } from '../arena-options.ts';
import type { Bench, Hardship } from './hardship.ts';
import { CAN_MAKE_DISKS, fillDisk, limit, makeDisk } from './limits.ts';

const DISK_MIB = 16;
const HEAP_MIB = 48;
const HOUR_S = 3_600;

/** A coordinator with its embedded database on a small disk of its own, a small heap and a clock that can be set. */
export interface EmbeddedBench extends Bench {
  readonly disk: string;
  readonly clock: FakeTime;
  /** Undefined on a machine without a C compiler. */
  readonly odd: OddDisk | undefined;
}

export async function startEmbedded(stack: AsyncDisposableStack): Promise<EmbeddedBench> {
  const disk = CAN_MAKE_DISKS ? await makeDisk(stack, DISK_MIB) : await scratchDir('disk');
  const clock = stack.use(await fakeTime());
  const odd = CAN_MAKE_ODD_DISKS ? await oddDisk() : undefined;
  const preloaded = [clock.env.LD_PRELOAD, odd?.env.LD_PRELOAD].filter((library) => library !== undefined);
  const coordinator = await Service.start({
    kind: 'coordinator',
    name: 'coordinator-1',
    pace: 'product',
    flags: [...briskFlags(3_000, 8), '--data-dir', join(disk, 'data')],
    env: {
      ...clock.env,
      ...odd?.env,
      LD_PRELOAD: preloaded.join(':'),
      NODE_OPTIONS: `--max-old-space-size=${HEAP_MIB}`,
    },
  });
  stack.defer(async () => void (await coordinator.process.kill()));
  await coordinator.json('/v1/tags', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ tag: 'hot', step: 50 }),
  });
  const agent = await Service.start({
    kind: 'agent',
    name: 'agent-1',
    pace: 'product',
    flags: ['--coordinators', coordinator.url, '--snowflake-enabled', '--snowflake-sequence-start-max', '0'],
  });
  stack.defer(async () => void (await agent.process.kill()));
  const load = new ArenaLoad();
  stack.defer(() => load.stop());
  const sources = ['hot', 'snowflake'];
  for (const source of sources)
    void load.add({ agent: agent.name, url: agent.url, source, count: 1, depth: 2, paceMs: 10 });
  const heal = async () => clock.set(0);
  return { coordinator, agent, load, sources, heal, disk, clock, odd };
}

/** Its files are on a disk that behaves so. */
function disk(what: string, order: DiskOrder, lastsMs: number): Hardship<EmbeddedBench> {
  return {
    name: `embedded: ${what}`,
    lastsMs,
    async begin({ odd }) {
      odd?.set(order);
      return async () => odd?.set('ok');
    },
  };
}

function clockAt(name: string, offsetS: number): Hardship<EmbeddedBench> {
  return {
    name: `embedded: the coordinator's clock ${name}`,
    async begin({ clock }) {
      clock.set(offsetS);
      return async () => clock.set(0);
    },
  };
}

export const EMBEDDED_HARDSHIPS: readonly Hardship<EmbeddedBench>[] = [
  { name: `embedded: a heap of ${HEAP_MIB} MiB`, begin: async () => async () => undefined },
  clockAt('an hour ahead', HOUR_S),
  clockAt('an hour behind', -HOUR_S),
  {
    name: 'embedded: its disk fails each write (EFBIG)',
    begin: ({ coordinator }) => limit(coordinator.process.pid, 'fsize', 1),
  },
  {
    name: 'embedded: its folder is moved away, and comes back',
    async begin({ disk: root }) {
      const [folder, aside] = [join(root, 'data'), join(root, 'aside')];
      renameSync(folder, aside);
      return async () => renameSync(aside, folder);
    },
  },
  ...(CAN_MAKE_ODD_DISKS
    ? [
        disk('each sync of its disk takes 3 s', 'sync 3000', 25_000),
        disk('each sync of its disk takes 0.3 s', 'sync 300', 8_000),
        disk('its disk becomes read-only (EROFS)', 'read-only', 4_000),
      ]
    : []),
  ...(CAN_MAKE_DISKS
    ? [
        {
          name: 'embedded: its disk is full (ENOSPC)',
          begin: ({ disk }: EmbeddedBench) => fillDisk(disk),
        },
      ]
    : []),
];
