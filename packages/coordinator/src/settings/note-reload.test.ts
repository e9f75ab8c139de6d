import { expect, test } from '@jest/globals';
import { LeafcutterError } from '@leafcutter/shared/errors';
import { FakeClock } from '@leafcutter/shared/fake-clock';
import { MemoryStore } from '../fakes/memory-store.ts';
import { noteReload } from './note-reload.ts';

const CHANGES = [{ key: 'adminTokens', before: 'alice', after: 'alice, bob' }];

function parts(store: Pick<MemoryStore, 'note'>) {
  const said: string[] = [];
  const metrics = {
    trailNoted: (action: string) => void said.push(action),
    trailFailed: () => void said.push('failed'),
  };
  const log = { error: (fields: unknown) => void said.push(JSON.stringify(fields)) };
  return { said, all: { store, metrics, log: log as never, coordinatorId: 'c1' } };
}

test('changed settings are entered in the audit trail', async () => {
  const store = new MemoryStore(new FakeClock());
  const { said, all } = parts(store);
  await noteReload(all, CHANGES);
  expect(said).toEqual(['settings.reload']);
  expect(await store.readTrail({ limit: 100 })).toMatchObject([
    {
      action: 'settings.reload',
      actor: '(configuration)',
      before: { adminTokens: 'alice' },
      after: { adminTokens: 'alice, bob' },
    },
  ]);
});

test('they are logged and counted if the store is away', async () => {
  const away = () => Promise.reject(new LeafcutterError('STORE_UNAVAILABLE', 'MySQL is away.'));
  const { said, all } = parts({ note: away });
  await noteReload(all, CHANGES);
  expect(said).toEqual(['failed', expect.stringContaining('"after":{"adminTokens":"alice, bob"}')]);
});
