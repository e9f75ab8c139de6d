import { cp, mkdir } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { read, run } from './deploy.ts';
import { ROOT } from './root.ts';

/**
 * The stages of deploy/Dockerfile, each without its FROM: what comes before them, the one that builds, the one that
 * runs.
 */
const [, first = '', second = ''] = read('deploy/Dockerfile')
  .replaceAll(/\\\n/g, ' ')
  .split(/^FROM .+$/m);
export const building = first;
export const running = second;

/** Runs the steps of the building stage in the folder `app`, which stands for its `/app`. */
export async function runBuildSteps(app: string): Promise<void> {
  const steps = building.matchAll(/^(?:COPY (?<copy>.+)|RUN (?<shell>.+))$/gm);
  const env = { ...process.env, PNPM_VERSION: /PNPM_VERSION=(\S+)/.exec(building)?.[1] };
  for (const { groups } of steps) {
    if (groups?.shell !== undefined) await run('sh', ['-c', groups.shell], { cwd: app, env });
    else await copyStep(groups?.copy ?? '', app);
  }
}

async function copyStep(step: string, app: string): Promise<void> {
  const paths = step.split(' ');
  const target = paths.pop() ?? '';
  for (const source of paths) {
    const to = target.endsWith('/') ? join(app, target, basename(source)) : join(app, target);
    await mkdir(dirname(to), { recursive: true });
    // As in .dockerignore.
    const filter = (path: string) =>
      !/\/(node_modules|dist)(\/|$)/.test(path.slice(ROOT.length - 1)) && !path.endsWith('.test.ts');
    await cp(join(ROOT, source), to, { recursive: true, filter });
  }
}
