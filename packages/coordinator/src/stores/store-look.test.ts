import { beforeEach, expect, test } from '@jest/globals';
import { LeafcutterError } from '@leafcutter/shared/errors';
import { FakeClock, settle } from '@leafcutter/shared/fake-clock';
import { StoreLook } from './store-look.ts';
import { StoreTrouble } from './trouble.ts';

let clock: FakeClock;
let trouble: StoreTrouble;
let asked: PromiseWithResolvers<void>[];
let looking: StoreLook;

beforeEach(() => {
  clock = new FakeClock();
  trouble = new StoreTrouble();
  asked = [];
  const ask = () => {
    const question = Promise.withResolvers<void>();
    asked.push(question);
    return question.promise;
  };
  looking = new StoreLook({ ask, trouble, clock, statementTimeoutMs: 2_000 });
});

/** Looks so many times at once; resolves to what became of each by now. */
async function seenBy(looks: Promise<string>[]): Promise<string[]> {
  await settle();
  return Promise.all(looks.map((look) => Promise.race([look, Promise.resolve('waits')])));
}

test('waits little longer than a statement may take, and says that nothing was answered', async () => {
  const look = looking.look();
  await clock.advance(2_249);
  expect(await seenBy([look])).toEqual(['waits']);
  await clock.advance(1);
  expect(await look).toBe('down');
  expect(trouble.last?.reason).toBe('deadline');
});

test('asks once for all who look meanwhile, also if the first of them has given up', async () => {
  const first = looking.look();
  await clock.advance(2_000);
  const second = looking.look();
  await clock.advance(1_000);
  expect(await seenBy([first, second])).toEqual(['down', 'waits']);
  asked[0]?.resolve();
  expect(await second).toBe('up');
  expect(asked).toHaveLength(1);
  void looking.look();
  expect(asked).toHaveLength(2);
});

test('tells why the question failed, and leaves what is known to be wrong', async () => {
  const refused = new LeafcutterError('STORE_UNAVAILABLE', 'read-only', { reason: 'read_only' });
  const look = looking.look();
  asked[0]?.reject(refused);
  expect(await look).toBe('down');
  expect(trouble.last?.reason).toBe('read_only');
  const next = looking.look();
  await clock.advance(2_250);
  expect(await next).toBe('down');
  expect(trouble.last?.reason).toBe('read_only');
});

test('has it noted how the store does, also if nothing has changed', async () => {
  let noted = 0;
  trouble.onChange = () => void noted++;
  const look = looking.look();
  asked[0]?.resolve();
  expect(await look).toBe('up');
  expect(noted).toBe(1);
});

test('of a store in the same process waits for as long as it takes', async () => {
  const patient = new StoreLook({ ask: () => asked[0]?.promise ?? Promise.resolve(), trouble, clock });
  void looking.look();
  const look = patient.look();
  await clock.advance(60_000);
  expect(await seenBy([look])).toEqual(['waits']);
  asked[0]?.resolve();
  expect(await look).toBe('up');
});
