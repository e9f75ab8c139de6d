/**
 * Bundles the program and everything it imports into a few files. A service started from them is ready in half the
 * time, and the tests start hundreds.
 */
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';

const ENTRY = 'packages/cli/src/main.ts';

/** Files beside a module, such as a Lua script or a .proto, are read from there. */
const readBesideModules = (root) => ({
  name: 'beside-modules',
  transform(code, id) {
    // The program has to know of the bundle when it looks for its own files.
    if (id === join(root, ENTRY)) return undefined;
    return code
      .replaceAll('import.meta.url', JSON.stringify(pathToFileURL(id).href))
      .replaceAll(/\b__dirname\b/g, JSON.stringify(dirname(id)));
  },
});

/**
 * @param {string} root folder of the repository
 * @param {string} folder where the bundle goes
 * @returns {Promise<string>} its main file
 */
export async function bundle(root, folder) {
  // Loaded late: the runner has to work before anything is installed.
  const { build } = await import('rolldown');
  await build({
    input: join(root, ENTRY),
    platform: 'node',
    logLevel: 'warn',
    plugins: [readBesideModules(root)],
    output: { dir: folder, format: 'esm', entryFileNames: '[name].mjs', chunkFileNames: '[name]-[hash].mjs' },
  });
  return join(folder, 'main.mjs');
}
