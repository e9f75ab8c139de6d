/** The program and a Node in one file. Why so: docs/adr/0026-executables.md. */
import { execFileSync } from 'node:child_process';
import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { bundleProgram } from './bundle-program.mjs';
import { nodePackage } from './node-packages.mjs';

const HERE = import.meta.dirname;

/**
 * Makes executables of the program.
 *
 * @param {{ root: string, commit: string }} of
 * @param {string} work a folder that it may fill
 * @param {readonly import('./node-packages.mjs').Arch[]} archs
 * @returns {Promise<{ arch: import('./node-packages.mjs').Arch, file: string, node: string }[]>} `node`: the folder of its Node's package
 */
export async function executables({ root, commit }, work, archs) {
  if (archs.length === 0) return [];
  const lib = join(work, 'executable/lib');
  await bundleProgram(root, lib, { commit, format: 'cjs' });
  const code = join(work, 'executable/code');
  const nodes = archs.map((arch) => ({ arch, node: nodePackage(root, arch, work) }));
  const own = nodes.find(({ arch }) => arch === process.arch)?.node ?? nodePackage(root, process.arch, work);
  // The name of the main file, as it is given, is part of an executable: it must not tell where that was made.
  const cwd = join(HERE, 'executable');
  const run = (...args) =>
    execFileSync(join(own, 'bin/node'), args, { cwd, stdio: ['ignore', 'ignore', 'inherit'] });
  // Strings are hashed with a number that V8 otherwise draws, and the code holds their hashes.
  run('--random-seed=1', 'make-code.cjs', lib, code);
  return nodes.map(({ arch, node }) => {
    const file = join(work, `leafcutter-${arch}`);
    const config = join(work, `executable/${arch}.json`);
    writeFileSync(
      config,
      JSON.stringify({
        main: 'main.cjs',
        executable: join(node, 'bin/node'),
        output: file,
        disableExperimentalSEAWarning: true,
        // Protos are read by libraries, as files.
        useVfs: true,
        assets: {
          'compile.cjs': join(HERE, 'executable/compile.cjs'),
          ...below(lib, 'lib'),
          // V8 takes the code of one architecture only for its own.
          ...(arch === process.arch ? below(code, 'code') : {}),
        },
      }),
    );
    run('--build-sea', config);
    return { arch, file, node };
  });
}

/** The files below a folder, as assets below `prefix`. */
function below(folder, prefix) {
  return Object.fromEntries(
    readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name))
      .sort()
      .map((file) => [join(prefix, file.slice(folder.length + 1)), file]),
  );
}
