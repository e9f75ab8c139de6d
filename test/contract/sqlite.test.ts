import { chmod, copyFile, link, readdir, rename, stat, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { audit } from '@leafcutter/coordinator/domain/ledger/audit';
import { CALM, holder, newTag, overlaps } from '@leafcutter/coordinator/fakes/samples';
import { type CoordinatorConfig, coordinatorSettings } from '@leafcutter/coordinator/settings';
import { MemoryLeaseRegistry } from '@leafcutter/coordinator/stores/memory/lease-registry';
import { noLocks } from '@leafcutter/coordinator/stores/memory/no-locks';
import { openStores } from '@leafcutter/coordinator/stores/open-stores';
import type { SqlDriver } from '@leafcutter/coordinator/stores/sql/driver';
import { SqlStore } from '@leafcutter/coordinator/stores/sql/store';
import { openSqlite } from '@leafcutter/coordinator/stores/sqlite/driver';
import { StoreTrouble } from '@leafcutter/coordinator/stores/trouble';
import { loadConfig } from '@leafcutter/shared/config/load-config';
import { Health } from '@leafcutter/shared/health';
import { createLogger } from '@leafcutter/shared/logger';
import { systemClock } from '@leafcutter/shared/system-clock';
import { startProcess } from '../support/process.ts';
import { scratchDir } from '../support/scratch-dir.ts';
import { arbitersContract, coordinator } from './arbiters-contract.ts';
import { deleteAllByHand, deleteByHand, freshSqliteStore, insertByHand } from './backends.ts';
import { storeContract } from './store-contract.ts';

storeContract('SQLite', 'database', async () => {
  const { store, driver, close } = await freshSqliteStore();
  return {
    stores: [store],
    insertByHand: (...row) => insertByHand(driver, ...row),
    deleteByHand: (tag) => deleteByHand(driver, tag),
    deleteAllByHand: (name) => deleteAllByHand(driver, name),
    close,
  };
});

arbitersContract('SQLite, alone', async () => {
  const { store, close } = await freshSqliteStore();
  const registry = new MemoryLeaseRegistry(systemClock);
  return { coordinators: [{ store, fence: undefined, registry, locks: noLocks }], close };
});

test('folder and files of an embedded coordinator are made for its user alone, those that are there stay', async () => {
  const root = await scratchDir('private');
  const start = async (dataDir: string) => {
    const given = { argv: ['--data-dir', dataDir], env: {}, cwd: root, readFile: () => '' };
    const { config } = loadConfig(coordinatorSettings, { ...given, service: 'coordinator' });
    const log = createLogger('silent', {}, { write: () => undefined });
    return openStores(config as CoordinatorConfig, systemClock, log, new Health(systemClock, log));
  };
  const modes = async (folder: string) => {
    const names = (await readdir(folder)).sort();
    const mode = async (path: string) => ((await stat(path)).mode & 0o777).toString(8);
    return [await mode(folder), ...(await Promise.all(names.map((name) => mode(join(folder, name)))))];
  };

  const fresh = join(root, 'deep', 'data');
  const stores = await start(fresh);
  await stores.store.createTag(newTag('orders'));
  const [ofFolder, ...ofFiles] = await modes(fresh);
  expect(ofFolder).toBe('700');
  expect(ofFiles.length).toBeGreaterThanOrEqual(3);
  expect(new Set(ofFiles)).toEqual(new Set(['600']));
  await stores.close();

  await chmod(fresh, 0o750);
  await chmod(join(fresh, 'leafcutter.db'), 0o640);
  await (await start(fresh)).close();
  expect((await modes(fresh)).slice(0, 2)).toEqual(['750', '640']);
});

describe('a SQLite file', () => {
  let open: Awaited<ReturnType<typeof freshSqliteStore>>;

  beforeEach(async () => {
    open = await freshSqliteStore();
  });
  afterEach(() => open.close());

  const inUse = expect.objectContaining({ code: 'STORE_UNAVAILABLE', reason: 'in_use' });

  test('is refused to a second opener in the same process, and to one that comes while it is idle', async () => {
    expect(() => openSqlite(open.file)).toThrow(inUse);
    await open.store.createTag(newTag('orders'));
    expect(() => openSqlite(open.file)).toThrow(inUse);
  });

  /** What another process is told that opens it by this name. */
  async function openElsewhere(file: string): Promise<string> {
    const driver = new URL('../../packages/coordinator/src/stores/sqlite/driver.ts', import.meta.url);
    const script = `import(${JSON.stringify(driver.href)}).then(({ openSqlite }) => openSqlite(${JSON.stringify(file)}))
      .then(() => console.log('opened'), (error) => console.log(error.reason, error.message));`;
    const second = startProcess({ name: 'second opener', command: process.execPath, args: ['-e', script] });
    await second.exited;
    return second.tail();
  }

  test('is refused to another process, which says how to go on', async () => {
    expect(await openElsewhere(open.file)).toMatch(/in_use Another process, .* has .* open; stop it/);
  });

  test('is refused to another process by another of its names, beside which our lock is another', async () => {
    const other = `${open.file}.other`;
    await link(open.file, other);
    expect(await openElsewhere(other)).toContain('in_use');
  });

  test('keeps counters, ledger, ceilings, machine ids and identity when it is opened again', async () => {
    const registry = new MemoryLeaseRegistry(systemClock);
    const ports = { fence: undefined, registry, locks: noLocks };
    await open.store.createTag(newTag('orders', { maxStep: 9_999 }));
    await open.store.ensureMachineIds(0, 3);
    const identity = await open.store.identify('layout');
    await coordinator({ ...ports, store: open.store }).segments.grant('orders', holder(1), CALM);
    await open.store.withMachineId(2, async (row) => {
      const entry = {
        counter: row.name,
        start: 5n,
        end: 9n,
        ...holder(2),
        coordinatorId: 'c',
        grantedAtMs: 1,
      };
      await row.advance(9n, [entry], { holder: holder(2), windowMs: 4 });
    });
    const before = [await open.store.readLedger(undefined, 10), await open.store.listMachineIds(0, 3, 0, 9)];
    await open.store.close();

    const again = new SqlStore(openSqlite(open.file));
    expect([await again.readLedger(undefined, 10), await again.listMachineIds(0, 3, 0, 9)]).toEqual(before);
    expect(await again.identify('another')).toMatchObject({ id: identity.id, layout: identity.layout });
    expect(await coordinator({ ...ports, store: again }).segments.grant('orders', holder(2), CALM)).toEqual({
      start: 101n,
      end: 201n,
    });
    expect(await again.findTag('orders')).toMatchObject({ maxStep: 9_999 });
    expect((await audit(again, undefined)).violations).toEqual([]);
    await again.close();
  });

  test('that a crash left with its log beside it loses nothing that was committed', async () => {
    await open.store.createTag(newTag('orders'));
    await open.store.withTag('orders', (row) => row.advance(500n, []));
    // A copy of what is on the disk at this moment, without an orderly end.
    const crashed = `${open.file}.crashed`;
    await copyFile(open.file, crashed);
    await copyFile(`${open.file}-wal`, `${crashed}-wal`);
    const again = new SqlStore(openSqlite(crashed));
    expect(await again.findTag('orders')).toMatchObject({ nextId: 500n });
    await again.close();
  });

  test('on a full disk refuses in its own words, also where it can be read, repeats nothing and serves when there is room', async () => {
    await open.store.close();
    const trouble = new StoreTrouble();
    const driver = openSqlite(open.file, trouble);
    const store = new SqlStore(driver);
    const registry = new MemoryLeaseRegistry(systemClock);
    const { segments } = coordinator({ store, fence: undefined, registry, locks: noLocks });
    await store.createTag(newTag('orders'));
    const ranges = [await segments.grant('orders', holder(1), CALM)];
    await driver.query('PRAGMA max_page_count = 1');
    let refusal: unknown;
    for (let n = 0; n < 2_000 && refusal === undefined; n++)
      await segments.grant('orders', holder(1), CALM).then(
        (range) => ranges.push(range),
        (error: unknown) => {
          refusal = error;
        },
      );
    expect(refusal).toMatchObject({ code: 'STORE_UNAVAILABLE', retryable: true });
    expect(await store.now()).toBeGreaterThan(0);
    expect(trouble.last).toEqual({ reason: 'refused', words: 'database or disk is full' });
    await driver.query('PRAGMA max_page_count = 1000000');
    ranges.push(await segments.grant('orders', holder(1), CALM));
    expect(trouble.last).toBeUndefined();
    expect(overlaps(ranges)).toEqual([]);
    await store.close();
  });

  test('that was moved, deleted or replaced takes no writes, which would be lost, and serves when it is back', async () => {
    await open.store.close();
    const trouble = new StoreTrouble();
    const store = new SqlStore(openSqlite(open.file, trouble));
    await store.createTag(newTag('orders'));
    const advance = () => store.withTag('orders', (row) => row.advance(row.value + 1n, []));
    const gone = expect.objectContaining({ code: 'STORE_UNAVAILABLE', reason: 'file_gone' });
    const aside = `${open.file}.aside`;

    await rename(open.file, aside);
    await expect(advance()).rejects.toEqual(gone);
    expect(trouble.last?.reason).toBe('file_gone');
    // What only reads says nothing about that.
    expect(await store.now()).toBeGreaterThan(0);
    expect(trouble.last?.reason).toBe('file_gone');
    await copyFile(aside, open.file);
    await expect(advance()).rejects.toEqual(gone);

    await rename(aside, open.file);
    await advance();
    expect(trouble.last).toBeUndefined();
    await unlink(open.file);
    await expect(store.createTag(newTag('users'))).rejects.toEqual(gone);
    await store.close();
  });

  describe('on a slow disk', () => {
    const WAITS_MS = 5;
    let trouble: StoreTrouble;
    let driver: SqlDriver;

    beforeEach(async () => {
      await open.store.close();
      trouble = new StoreTrouble();
      driver = openSqlite(open.file, trouble);
    });
    afterEach(() => driver.close());

    /** A grant whose statement takes long enough for whoever waits to be gone. */
    function slowGrant(): Promise<unknown> {
      let begunAtMs: number | undefined;
      // Counted from the store's first question: on a busy machine, more than this has passed before.
      const left = () => {
        begunAtMs ??= performance.now();
        return WAITS_MS - (performance.now() - begunAtMs);
      };
      const sql =
        'WITH RECURSIVE n (x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n WHERE x < 300000) SELECT MAX(x) FROM n';
      return driver.transaction((session) => session.query(sql), left);
    }

    test('says so after three grants in a row that came too late, and no longer after one in time', async () => {
      await slowGrant();
      await slowGrant();
      expect(trouble.last).toBeUndefined();
      await slowGrant();
      expect(trouble.last).toMatchObject({
        reason: 'deadline',
        words: expect.stringMatching(/the 3 of a grant took \d+ ms together, and the request waited 5 ms/),
      });
      await driver.query('SELECT 1');
      expect(trouble.last?.reason).toBe('deadline');
      await driver.transaction(
        async () => undefined,
        () => 60_000,
      );
      expect(trouble.last).toBeUndefined();
    });

    test('lets others have a turn before the next transaction, so probes are answered', async () => {
      const order: string[] = [];
      setImmediate(() => order.push('probe'));
      const grants = [1, 2].map((n) => slowGrant().then(() => order.push(`grant ${n}`)));
      await Promise.all(grants);
      expect(order).toEqual(['grant 1', 'probe', 'grant 2']);
    });
  });

  test('syncs every commit, and is in WAL mode', async () => {
    expect(await open.driver.query('PRAGMA synchronous')).toMatchObject([{ synchronous: 2n }]);
    expect(await open.driver.query('PRAGMA journal_mode')).toMatchObject([{ journal_mode: 'wal' }]);
    expect(await open.driver.query('PRAGMA locking_mode')).toMatchObject([{ locking_mode: 'exclusive' }]);
  });

  test('of a newer schema is opened where this program can work with it, and refused where it cannot', async () => {
    await open.driver.run('PRAGMA user_version = 998');
    await open.driver.run('INSERT INTO leafcutter_migration VALUES (998, 0)');
    await open.store.close();
    const again = openSqlite(open.file);
    await again.run('INSERT INTO leafcutter_migration VALUES (999, 998)');
    await again.run('PRAGMA user_version = 999');
    await again.close();
    expect(() => openSqlite(open.file)).toThrow(/needs a program that knows 998/);
  });

  test('that cannot be opened says so', () => {
    expect(() => openSqlite('/nowhere/at/all.db')).toThrow(
      expect.objectContaining({ code: 'STORE_UNAVAILABLE' }),
    );
  });

  test('that is closed answers nothing', async () => {
    await open.store.close();
    await expect(open.store.findTag('orders')).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
  });
});
