import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { agentSettings } from '@leafcutter/agent/settings';
import { coordinatorSettings } from '@leafcutter/coordinator/settings';
import { environmentNames } from '@leafcutter/shared/config/settings';
import { read, run, testWith } from '../support/deploy.ts';
import { lookUpBinary } from '../support/find-binary.ts';
import { scratchDir } from '../support/scratch-dir.ts';

/** On systemd's scale from 0 to 10; 10 is a service with all doors open. */
const EXPOSED_AT_MOST = 2;

const systemdAnalyze = lookUpBinary('systemd-analyze');
const DEFAULT_DRAIN_S = 5;

describe.each([
  { role: 'coordinator', settings: coordinatorSettings },
  { role: 'agent', settings: agentSettings },
])('leafcutter-$role.service', ({ role, settings }) => {
  const text = read(`deploy/systemd/leafcutter-${role}.service`);
  const valuesOf = (key: string) =>
    [...text.matchAll(new RegExp(`^${key}=(.*)$`, 'gm'))].map(([, it = '']) => it);

  test('runs what is there, reloads and stops by signal, with time to drain', () => {
    expect(valuesOf('ExecStart')).toEqual([`/usr/bin/leafcutter ${role}`]);
    expect(valuesOf('ExecReload')).toEqual(['kill -HUP $MAINPID']);
    expect(valuesOf('KillSignal')).toEqual(['SIGTERM']);
    expect(Number(valuesOf('TimeoutStopSec')[0])).toBeGreaterThanOrEqual(DEFAULT_DRAIN_S + 10);
  });

  test('names settings that exist, each with a credential that is loaded', () => {
    const loaded = valuesOf('LoadCredential').map((it) => it.split(':')[0]);
    const given = valuesOf('Environment').flatMap((it) => it.split(' '));
    expect(given.map((it) => it.split('=%d/')[1])).toEqual(loaded);
    const known = new Set(environmentNames(settings));
    for (const variable of given) expect(known).toContain(variable.split('=')[0]);
  });

  test('suggests settings that exist', () => {
    const suggested = [...read(`deploy/systemd/${role}.env`).matchAll(/^#(\w+)=/gm)].map(([, name]) => name);
    expect(suggested.length).toBeGreaterThan(0);
    expect(environmentNames(settings)).toEqual(expect.arrayContaining(suggested));
  });

  testWith(
    'systemd',
    systemdAnalyze,
    'is understood by systemd, and a misspelt key is not',
    async (analyze) => {
      expect(await complaints(analyze, role, text)).toBe('');
      const wrong = text.replace('NoNewPrivileges', 'NoNewPriviliges');
      expect(await complaints(analyze, role, wrong)).toMatch(/Unknown key.*'NoNewPriviliges'/);
    },
  );

  testWith('systemd', systemdAnalyze, 'exposes little, and without its fences much', async (analyze) => {
    const exposure = await exposureOf(analyze, role, text);
    process.stderr.write(`leafcutter-${role}.service: systemd puts its exposure at ${exposure} of 10\n`);
    expect(exposure).toBeLessThanOrEqual(EXPOSED_AT_MOST);
    const open = text.replace(/^(DynamicUser|CapabilityBoundingSet|SystemCallFilter|Protect\w+)=.*\n/gm, '');
    expect(await exposureOf(analyze, role, open)).toBeGreaterThan(EXPOSED_AT_MOST);
  });
});

/** A copy whose program exists on this machine: if Leafcutter is not installed, systemd complains about that alone. */
async function unitFile(role: string, text: string): Promise<string> {
  const file = join(await scratchDir('systemd'), `leafcutter-${role}.service`);
  await writeFile(file, text.replace('/usr/bin/leafcutter', process.execPath));
  return file;
}

async function complaints(analyze: string, role: string, text: string): Promise<string> {
  const file = await unitFile(role, text);
  const said = await run(analyze, ['verify', '--man=no', file]).then(
    ({ stderr }) => stderr,
    ({ stderr }: { stderr: string }) => stderr,
  );
  // It also has opinions about other units of the machine.
  return said
    .split('\n')
    .filter((line) => line.includes(`leafcutter-${role}`))
    .join('\n');
}

async function exposureOf(analyze: string, role: string, text: string): Promise<number> {
  const file = await unitFile(role, text);
  const { stdout } = await run(analyze, ['security', '--offline=yes', '--no-pager', file]);
  return Number(/exposure level for [^:]+: ([\d.]+)/.exec(stdout)?.[1]);
}
