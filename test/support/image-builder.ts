import { execFile } from 'node:child_process';
import { chmod, cp, mkdir, rm, symlink } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { OWNER_LABEL } from '../../scripts/run-engine.mjs';
import { dockerImport, dockerSays } from './docker-cli.ts';
import { findBinary } from './find-binary.ts';
import { withLock } from './machine-lock.ts';
import { runFolder, scratchDir } from './scratch-dir.ts';

const run = promisify(execFile);

/**
 * The tools that testcontainers runs inside to see whether a port is open, and those that a person needs to look
 * around.
 */
const TOOLS = ['sh', 'cat', 'awk', 'grep', 'nc', 'ls', 'ps', 'kill', 'sleep'];

export interface ImageRecipe {
  /** Name and tag. */
  readonly image: string;
  /** Programs of this machine that go in, with the libraries that they load. */
  readonly binaries: readonly string[];
  readonly command: readonly string[];
  readonly port: number;
  /** Puts further files under `root`, which becomes `/`. */
  readonly furnish?: (root: string) => Promise<void>;
}

/** Makes an image from this machine's own programs, once per run: the way without a registry. */
export async function buildImage(recipe: ImageRecipe): Promise<void> {
  await withLock(`image/${recipe.image}`, async () => {
    if (!(await dockerSays(['image', 'inspect', recipe.image]))) await build(recipe);
  });
}

async function build({ image, binaries, command, port, furnish }: ImageRecipe): Promise<void> {
  const root = await scratchDir('image');
  try {
    await mkdir(join(root, 'bin'));
    await mkdir(join(root, 'tmp'));
    await chmod(join(root, 'tmp'), 0o1777);
    const busybox = findBinary('busybox', 'busybox-static');
    for (const binary of [...binaries, busybox]) await copyWithLibraries(binary, root);
    for (const tool of TOOLS) await symlink(busybox, join(root, 'bin', tool));
    await furnish?.(root);
    await dockerImport(root, image, [
      `CMD ${JSON.stringify(command)}`,
      `EXPOSE ${port}`,
      'ENV PATH=/usr/sbin:/usr/bin:/sbin:/bin',
      `LABEL ${OWNER_LABEL}=${basename(runFolder())}`,
    ]);
  } finally {
    await rm(root, { recursive: true, force: true });
  }
}

async function copyWithLibraries(binary: string, root: string): Promise<void> {
  // A static program makes ldd fail, which says that there is nothing to copy beside it.
  const { stdout } = await run('ldd', [binary]).catch(() => ({ stdout: '' }));
  const libraries = [...stdout.matchAll(/(?:=> )?(\/\S+) \(0x/g)].map(([, path]) => path as string);
  for (const path of [binary, ...libraries]) {
    await mkdir(join(root, dirname(path)), { recursive: true });
    // A library is found by the name it is linked under, so the link's target is copied under that name.
    await cp(path, join(root, dirname(path), basename(path)), { dereference: true });
  }
}
