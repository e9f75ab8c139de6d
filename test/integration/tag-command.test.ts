import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { TagView } from '@leafcutter/shared/wire';
import { freePort } from '../support/ports.ts';
import { leafcutter } from '../support/process.ts';
import { scratchDir } from '../support/scratch-dir.ts';
import { Service } from '../support/service.ts';

const TOKENS = { LEAFCUTTER_ADMIN_TOKENS: 'alice admin-1,admin-2', LEAFCUTTER_AGENT_TOKENS: 'agent-1' };
let coordinator: Service;

beforeAll(async () => {
  const flags = ['--data-dir', join(await scratchDir('tag-command'), 'data')];
  coordinator = await Service.start({ kind: 'coordinator', name: 'coordinator', flags, env: TOKENS });
  expect((await tag(['create', 'taken'])).code).toBe(0);
});

afterAll(() => coordinator.stop());

/** Runs `leafcutter tag …` against the coordinator, as an admin unless `env` says otherwise. */
async function tag(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const admin = { LEAFCUTTER_COORDINATOR: coordinator.url, LEAFCUTTER_ADMIN_TOKEN: 'admin-2' };
  await using process = leafcutter(['tag', ...args], { ...admin, ...env });
  const { code } = await process.exited;
  return { code, output: process.tail(2_000) };
}

async function views(args: readonly string[]): Promise<TagView[]> {
  const { code, output } = await tag([...args, '--json']);
  expect({ code, output }).toMatchObject({ code: 0 });
  return JSON.parse(output) as TagView[];
}

describe('leafcutter tag', () => {
  test('creates, shows, changes, lists and retires a tag', async () => {
    const created = await tag([
      'create',
      'orders',
      '--start',
      '1000',
      '--step',
      '50',
      '--description',
      'all orders',
    ]);
    expect(created.code).toBe(0);
    expect(created.output).toMatch(/^TAG +STATE +NEXT ID/m);
    expect(created.output).toMatch(/^orders +active +1000 +50 /m);

    expect(await views(['show', 'orders'])).toMatchObject([
      { tag: 'orders', state: 'active', nextId: '1000', step: 50, description: 'all orders' },
    ]);
    const changed = ['change', 'orders', '--step', '70', '--highest-id', '5000', '--description', 'default'];
    expect(await views(changed)).toMatchObject([{ step: 70, highestId: '5000', description: null }]);
    expect(await views(['change', 'orders', '--highest-id', 'default'])).toMatchObject([
      { step: 70, highestId: String(2n ** 63n - 2n) },
    ]);
    await views(['create', 'invoices']);
    const made = ['invoices', 'orders', 'taken'];
    const listed = (await views(['list'])).map((view) => view.tag);
    expect(listed.filter((name) => made.includes(name))).toEqual(made);

    const careful = await tag(['retire', 'orders']);
    expect(careful).toMatchObject({ code: 64, output: expect.stringContaining('add --yes if you mean it') });
    // Nobody drew from it, and it stands where it was made to begin: no other writer is suspected.
    const retired = await tag(['retire', 'orders', '--yes']);
    expect(retired).toEqual({ code: 0, output: expect.stringMatching(/^orders +retired +1000 /m) });
    expect(retired.output).not.toContain('Warning');
    expect(await views(['show', 'orders'])).toMatchObject([{ tag: 'orders', state: 'retired' }]);
    const late = await tag(['change', 'orders', '--step', '5']);
    expect(late).toMatchObject({ code: 1, output: expect.stringContaining('TAG_RETIRED: ') });
  });

  test('warns when another tag can write the same texts, as the API does', async () => {
    const first = await tag(['create', 'receipts', '--shape', 'R{decimal}']);
    expect(first.output).not.toContain('Warning');
    const second = await tag(['create', 'refunds', '--shape', 'R{base36:4}']);
    expect(second).toMatchObject({
      code: 0,
      output: expect.stringMatching(/^Warning: .*"receipts" \(R\{decimal/m),
    });
    const shown = await coordinator.json('/v1/tags/receipts', {
      headers: { authorization: 'Bearer admin-1' },
    });
    expect(shown).toMatchObject({
      warnings: [{ code: 'SHARED_TEXTS', message: expect.stringContaining('"refunds" (R{base36:4})') }],
    });
    expect((await views(['list'])).map((view) => view.tag)).toContain('refunds');
  });

  test.each([
    [['create', 'taken'], 1, 'TAG_EXISTS: '],
    [['show', 'nobody'], 1, 'TAG_UNKNOWN: There is no tag "nobody"'],
    [['change', 'nobody', '--step', '5'], 1, 'TAG_UNKNOWN: '],
    [['retire', 'nobody', '--yes'], 1, 'TAG_UNKNOWN: '],
    [['create', '.hidden'], 1, 'BAD_REQUEST: tag: must have 1 to 128 characters (A-Z'],
    [['create', 'a', '--step', '0'], 1, 'BAD_REQUEST: step'],
    [['create', 'a', '--start', '0'], 1, 'BAD_REQUEST: start must be an ID from 1 to 9223372036854775806'],
    [['create', 'a', '--start', '1e3'], 1, 'BAD_REQUEST: start'],
    [['create', 'a', '--start', '9223372036854775807'], 1, 'BAD_REQUEST: start'],
    [['create', 'a', '--step', 'many'], 64, '--step must be a whole number.'],
    [['create', 'a', '--step=-1'], 64, '--step must be a whole number.'],
    [['create'], 64, 'Name the tag.'],
    [['create', 'a', 'b'], 64, 'Unexpected argument "b".'],
    [['creat', 'a'], 64, 'There is no action "creat".'],
    [['create', 'a', '--stp', '5'], 64, 'tag has no flag --stp; did you mean --step?'],
    [[], 64, 'Usage: leafcutter tag <action>'],
    [['--help'], 0, 'Usage: leafcutter tag <action>'],
  ])('%p ends with %p and says %p', async (args, code, sentence) => {
    const ended = await tag(args);
    expect(ended).toMatchObject({ code, output: expect.stringContaining(sentence) });
    expect(ended.output).not.toContain('    at ');
  });

  test.each([
    ['a wrong token', { LEAFCUTTER_ADMIN_TOKEN: 'guess' }],
    ['no token', { LEAFCUTTER_ADMIN_TOKEN: '' }],
    ['an agent’s token', { LEAFCUTTER_ADMIN_TOKEN: 'agent-1' }],
  ])('is refused with %s', async (_what, env) => {
    const ended = await tag(['list'], env);
    expect(ended).toMatchObject({ code: 1, output: expect.stringContaining('UNAUTHORIZED: ') });
  });

  test('applies a file, and leaves a trail that says by whom', async () => {
    const alice = { LEAFCUTTER_ADMIN_TOKEN: 'admin-1', LEAFCUTTER_COORDINATOR: coordinator.url };
    const file = join(await scratchDir('tag-file'), 'tags.yaml');
    await writeFile(file, 'tags:\n  - tag: trailed\n    step: 7\n');
    const codes = [];
    for (const flags of [['--dry-run'], [], ['--dry-run']])
      codes.push((await tag(['apply', '-f', file, ...flags], alice)).code);
    expect(codes).toEqual([2, 0, 0]);
    await tag(['change', 'trailed', '--step', '8']);
    await using audit = leafcutter(['audit', '--tag', 'trailed'], alice);
    await audit.exited;
    const [, changed, made] = audit.tail(2_000).split('\n');
    expect(changed).toMatch(/ \(unnamed\) +127\.0\.0\.1 +tag\.change +trailed +step 7 → 8 /);
    expect(made).toMatch(/ alice +127\.0\.0\.1 +tag\.create +trailed +state active, nextId 1, step 7 /);
  });

  test('says where it looked when no coordinator answers, or something else does', async () => {
    const nobody = `http://127.0.0.1:${await freePort()}`;
    const ended = await tag(['list', '--coordinator', nobody]);
    expect(ended).toMatchObject({
      code: 1,
      output: expect.stringContaining(`No coordinator answered at ${nobody}`),
    });
    const wrong = await tag(['list', '--coordinator', `${coordinator.url}/livez`]);
    expect(wrong).toMatchObject({ code: 1, output: expect.stringContaining('NOT_FOUND') });
  });
});
