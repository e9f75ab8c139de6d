import { expect, test } from '@jest/globals';
import { int } from './kinds/number-kinds.ts';
import { choice, file, token } from './kinds/setting-kinds.ts';
import { type Appliers, applyAll, type LiveConfig } from './live-settings.ts';
import { settings } from './settings.ts';

const sample = settings({
  token: token({ optional: true, reloads: true, doc: 'Token.' }),
  level: choice(['low', 'high'], { default: 'low', reloads: true, doc: 'Level.' }),
  size: int({ default: 1, min: 0, max: 9, doc: 'Size.' }),
  tls: {
    certFile: file({ optional: true, reloads: true, doc: 'Certificate.' }),
    version: int({ default: 1, min: 0, max: 9, doc: 'Version.' }),
  },
  jobs: { pace: int({ default: 1, min: 0, max: 9, doc: 'Pace.' }) },
});
type Sample = (typeof sample)['tree'];

const apply = () => undefined;

// Each `@ts-expect-error` is red when what stands below it compiles: `npm run check` is what runs these.
test('what is marked as reloading has an applier, or the service does not compile', () => {
  const all: Appliers<Sample> = { token: apply, level: apply, 'tls.certFile': apply };
  // @ts-expect-error `level` is marked, and nothing applies it.
  const forgotten: Appliers<Sample> = { token: apply, 'tls.certFile': apply };
  // @ts-expect-error So is a file whose content reloads.
  const forgottenFile: Appliers<Sample> = { token: apply, level: apply };
  // @ts-expect-error `size` is not marked, so its changes would never come here.
  const tooMany: Appliers<Sample> = { ...all, size: apply };
  expect([forgotten, forgottenFile, tooMany].map((appliers) => Object.keys(appliers).length)).toEqual([
    2, 2, 4,
  ]);
});

test('an applier is given what is marked, and nothing else', () => {
  const live: LiveConfig<Sample> = { token: 'x', level: 'high', tls: { certFile: undefined } };
  // @ts-expect-error A value that is not marked is the one of the start.
  expect(live.size).toBeUndefined();
  // @ts-expect-error Nor is there a section without any mark.
  expect(live.jobs).toBeUndefined();
  // @ts-expect-error One level down, too.
  expect(live.tls.version).toBeUndefined();
});

test('one applier for all of them stands at every key that is marked', () => {
  expect(applyAll(sample, apply)).toEqual({ token: apply, level: apply, 'tls.certFile': apply });
});
