import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, realpathSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from '@jest/globals';
import { scratchDir } from '../support/scratch-dir.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const CRUISER = join(ROOT, 'node_modules/dependency-cruiser/bin/dependency-cruiser.mjs');
const CONFIG = join(ROOT, '.dependency-cruiser.cjs');

interface Verdict {
  readonly modules: number;
  /** `rule: file`, sorted, each once. */
  readonly violations: readonly string[];
}

function cruise(folder: string): Verdict {
  const { stdout, stderr } = spawnSync(
    process.execPath,
    [CRUISER, '--config', CONFIG, '--output-type', 'json', 'packages', 'test'],
    { cwd: folder, encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 },
  );
  if (!stdout.startsWith('{')) throw new Error(`dependency-cruiser did not report: ${stderr}`);
  const { summary } = JSON.parse(stdout) as {
    summary: { totalCruised: number; violations: { from: string; rule: { name: string } }[] };
  };
  const violations = new Set(summary.violations.map(({ from, rule }) => `${rule.name}: ${from}`));
  return { modules: summary.totalCruised, violations: [...violations].sort() };
}

/** What is planted: rule that must find it, file, and the line that breaks it. */
const PLANTS = [
  ['packages-see-shared-only', 'packages/agent/src/plant.ts', "import '@leafcutter/coordinator/service';"],
  [
    'packages-see-shared-only',
    'packages/agent/src/type.ts',
    "import type { A } from '@leafcutter/coordinator/service';",
  ],
  ['packages-see-shared-only', 'packages/coordinator/src/plant.ts', "import '@leafcutter/agent/service';"],
  ['packages-see-shared-only', 'packages/shared/src/plant.ts', "import '@leafcutter/agent/service';"],
  ['packages-see-shared-only', 'packages/client/src/plant.ts', "import '@leafcutter/agent/service';"],
  ['packages-do-not-see-test', 'packages/agent/src/seen.ts', "import '../../../test/helper.ts';"],
  ['cli-sees-services-only', 'packages/cli/src/plant.ts', "import '@leafcutter/agent/domain/innocent';"],
  ['domain-is-pure', 'packages/coordinator/src/domain/file.ts', "import 'node:fs';"],
  [
    'domain-is-pure',
    'packages/coordinator/src/domain/config.ts',
    "import '@leafcutter/shared/config/settings';",
  ],
  [
    'domain-is-pure',
    'packages/coordinator/src/domain/logger.ts',
    "import type { A } from '@leafcutter/shared/logger';",
  ],
  ['domain-is-pure', 'packages/coordinator/src/domain/adapter.ts', "import '../stores/mysql/driver.ts';"],
  ['domain-is-pure', 'packages/agent/src/domain/timer.ts', "import '@leafcutter/shared/system-clock';"],
  ['domain-is-pure', 'packages/agent/src/domain/late.ts', "export const late = () => import('node:timers');"],
  ['doors-know-no-store', 'packages/coordinator/src/http/store.ts', "import '../stores/mysql/driver.ts';"],
  [
    'only-services-know-doors',
    'packages/coordinator/src/stores/redis/door.ts',
    "import '../../http/routes.ts';",
  ],
  [
    'only-services-know-doors',
    'packages/agent/src/running-agent.ts',
    "import type { A } from './doors/limits.ts';",
  ],
  ['adapters-know-no-service', 'packages/coordinator/src/stores/redis/up.ts', "import '../../service.ts';"],
  ['production-knows-no-test', 'packages/coordinator/src/fake.ts', "import './fakes/memory-store.ts';"],
  ['production-knows-no-test', 'packages/agent/src/clock.ts', "import '@leafcutter/shared/fake-clock';"],
  ['production-knows-no-test', 'packages/agent/src/tested.ts', "import './domain/innocent.test.ts';"],
  ['one-face-per-package', 'packages/agent/src/shortcut.ts', "import '../../shared/src/errors.ts';"],
  ['no-cycles', 'packages/agent/src/egg.ts', "import './hen.ts';"],
  ['only-declared-packages', 'packages/cli/src/undeclared.ts', "import 'zod';"],
  ['production-needs-no-dev-dependency', 'packages/cli/src/dev.ts', "import 'cypress';"],
  ['no-orphans', 'packages/agent/src/forgotten.ts', 'export const forgotten = true;'],
  ['everything-resolves', 'packages/agent/src/typo.ts', "import './domain/inocent.ts';"],
  ['only-its-adapter-knows-mysql2', 'packages/coordinator/src/service2.ts', "import 'mysql2/promise';"],
  [
    'only-its-adapter-knows-ioredis',
    'packages/coordinator/src/service3.ts',
    "import type { Redis } from 'ioredis';",
  ],
  ['only-its-adapter-knows-bullmq', 'packages/coordinator/src/stores/redis/queue.ts', "import 'bullmq';"],
  [
    'only-its-adapter-knows-node-sqlite',
    'packages/coordinator/src/stores/sql/store.ts',
    "import 'node:sqlite';",
  ],
  ['only-its-adapter-knows-prom-client', 'packages/shared/src/telemetry/log.ts', "import 'prom-client';"],
  ['only-its-adapter-knows-undici', 'packages/cli/src/calls.ts', "import 'undici';"],
  ['only-its-adapter-knows-cockatiel', 'packages/agent/src/service4.ts', "import 'cockatiel';"],
  [
    'only-its-adapter-knows-express',
    'packages/agent/src/service5.ts',
    "import type { Request } from 'express';",
  ],
  ['only-its-adapter-knows-pino', 'packages/shared/src/http/log.ts', "import 'pino';"],
  ['only-its-adapter-knows-yaml', 'packages/shared/src/config/load.ts', "import 'yaml';"],
] as const;

/** Files that break no rule, so that a rule that finds everything is found out too. */
const INNOCENT: Readonly<Record<string, string>> = {
  'packages/coordinator/src/service.ts':
    "import './domain/innocent.ts'; import './stores/mysql/driver.ts'; import './http/routes.ts';",
  'packages/coordinator/src/stores/mysql/driver.ts':
    "import 'mysql2/promise'; import '@leafcutter/shared/errors'; import '../../domain/innocent.ts';",
  'packages/coordinator/src/stores/redis/link.ts': "import 'ioredis';",
  'packages/coordinator/src/jobs/bullmq-jobs.ts': "import 'bullmq'; import 'ioredis';",
  'packages/coordinator/src/stores/sqlite/driver.ts': "import 'node:sqlite';",
  'packages/shared/src/telemetry/metric-set.ts': "import 'prom-client';",
  'packages/coordinator/src/http/routes.ts': "import 'express'; import '../domain/innocent.ts';",
  'packages/coordinator/src/domain/innocent.ts': "import '@leafcutter/shared/errors';",
  'packages/coordinator/src/domain/innocent.test.ts':
    "import './innocent.ts'; import '../fakes/memory-store.ts'; import '@leafcutter/shared/fake-clock';",
  'packages/coordinator/src/fakes/memory-store.ts': "import '../domain/innocent.ts';",
  'packages/agent/src/service.ts':
    "import './domain/innocent.ts'; import './doors/limits.ts'; import '@leafcutter/shared/logger';",
  'packages/agent/src/doors/limits.ts': "export type { A } from '@leafcutter/shared/errors';",
  'packages/agent/src/domain/innocent.ts': "import '@leafcutter/shared/errors';",
  'packages/agent/src/domain/innocent.test.ts': "import './innocent.ts';",
  'packages/agent/src/coordinators/endpoint.ts': "import 'cockatiel';",
  'packages/cli/src/admin/admin-client.ts': "import 'undici';",
  'packages/agent/src/egg.ts': "import './domain/innocent.ts';",
  'packages/agent/src/hen.ts': "import './egg.ts';",
  'packages/shared/src/errors.ts': 'export type A = string;',
  'packages/shared/src/clock/fake-clock.ts': "import '../errors.ts';",
  'packages/shared/src/clock/system-clock.ts': "import '../errors.ts';",
  'packages/shared/src/config/settings.ts': "import '../errors.ts';",
  'packages/shared/src/telemetry/logger.ts': "import 'pino'; import '../errors.ts';",
  'packages/cli/src/main.ts': "import '@leafcutter/agent/service'; import '@leafcutter/coordinator/service';",
  'test/helper.ts':
    "import '@leafcutter/agent/domain/innocent'; import '@leafcutter/coordinator/fakes/memory-store'; import 'mysql2/promise'; await using nothing = null; void nothing;",
};

/** A small workspace with the given files, whose libraries are those of ours. */
async function workspace(files: Readonly<Record<string, string>>): Promise<string> {
  const folder = await scratchDir('dependency-rules');
  const homes: Readonly<Record<string, readonly string[]>> = {
    agent: ['cockatiel'],
    cli: ['undici'],
    shared: ['pino', 'yaml', 'express', 'zod', 'prom-client'],
    coordinator: ['mysql2', 'ioredis', 'bullmq'],
  };
  mkdirSync(join(folder, 'node_modules/@leafcutter'), { recursive: true });
  for (const name of ['agent', 'coordinator', 'shared', 'cli', 'client']) {
    mkdirSync(join(folder, 'packages', name), { recursive: true });
    if (name !== 'client')
      cpSync(join(ROOT, 'packages', name, 'package.json'), join(folder, 'packages', name, 'package.json'));
    symlinkSync(join(folder, 'packages', name), join(folder, 'node_modules/@leafcutter', name));
    for (const library of homes[name] ?? []) {
      symlinkSync(
        realpathSync(join(ROOT, 'packages', name, 'node_modules', library)),
        join(folder, 'node_modules', library),
      );
    }
  }
  mkdirSync(join(folder, 'node_modules/cypress'));
  writeFileSync(join(folder, 'node_modules/cypress/index.js'), '');
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ devDependencies: { cypress: '*' } }));
  for (const [file, source] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    writeFileSync(join(folder, file), `${source}\n`);
  }
  return folder;
}

describe('the dependency rules', () => {
  test('find every planted violation, and nothing else', async () => {
    const planted = Object.fromEntries(PLANTS.map(([, file, line]) => [file, line]));
    const { violations } = cruise(await workspace({ ...INNOCENT, ...planted }));
    expect(violations).toEqual(PLANTS.map(([rule, file]) => `${rule}: ${file}`).sort());
  });

  test('leave a workspace without violations alone', async () => {
    const { modules, violations } = cruise(await workspace(INNOCENT));
    expect(violations).toEqual([]);
    expect(modules).toBeGreaterThanOrEqual(Object.keys(INNOCENT).length);
  });

  test('hold in the real tree, and all of it is read', () => {
    const { modules, violations } = cruise(ROOT);
    expect(violations).toEqual([]);
    // With TypeScript 7 and no other reader it was 0, and green.
    expect(modules).toBeGreaterThan(150);
  });
});
