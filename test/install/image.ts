import { join } from 'node:path';
import { nodeImage } from '../support/container-images.ts';
import { docker } from '../support/docker-cli.ts';
import { scratchDir } from '../support/scratch-dir.ts';
import { NotRun, sh, type Way } from './tools.ts';

const BUILD_MS = 300_000;

export const ofImage: Way = {
  name: 'the image, of its build context',
  attempt: async ({ folder, version }) => {
    const base = await nodeImage().catch((error: Error) => {
      throw new NotRun(`there is no base image: ${error.message}`);
    });
    const context = await scratchDir('context');
    await sh('tar', ['-xzf', join(folder, `leafcutter-image-${version}.tgz`), '-C', context]);
    const image = `leafcutter-test/installed:${process.pid}`;
    const from = ['--build-arg', `NODE_IMAGE=${base.image}`];
    await docker(['build', '--quiet', ...from, '--tag', image, context], BUILD_MS);
    try {
      const told = await docker(['run', '--rm', '--read-only', '--cap-drop', 'ALL', image, 'version']);
      return `${told}${base.substituted ? '; the base was made of this machine' : ''}`;
    } finally {
      await docker(['image', 'rm', '--force', image]);
    }
  },
};
