#!/usr/bin/env node
/** Starts the program of a release; on a Node that is too old, it says so. */
import { accessSync, constants, mkdirSync, readFileSync } from 'node:fs';
// Not by name: an old Node has no such thing, and is to be told a sentence, not a stack.
import * as modules from 'node:module';
import { fileURLToPath } from 'node:url';

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const oldest = JSON.parse(readFileSync(here('../package.json'), 'utf8')).engines.node.replace('>=', '');
const [major, minor] = process.versions.node.split('.').map(Number);
const [oldestMajor, oldestMinor] = oldest.split('.').map(Number);

if (major < oldestMajor || (major === oldestMajor && minor < oldestMinor)) {
  process.stderr.write(
    `Leafcutter needs Node ${oldest} or newer; this is ${process.versions.node}. Install a newer one, or take the executable or the Debian package, which bring their own.\n`,
  );
  process.exitCode = 1;
} else {
  // Node would show the line that threw, and a line of a bundle is a book.
  process.on('uncaughtException', (error) => {
    process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`);
    process.exit(1);
  });
  keepCompiledCode();
  await import(new URL('../lib/main.mjs', import.meta.url).href);
}

/**
 * Keeps compiled code beside the program, if we may write there: others who may could change the program as well. In a
 * common folder such as /tmp anybody could leave code for us to run. NODE_COMPILE_CACHE names another place.
 */
function keepCompiledCode() {
  if (process.env.NODE_COMPILE_CACHE !== undefined || process.env.NODE_DISABLE_COMPILE_CACHE !== undefined)
    return;
  const folder = here('../.compiled');
  try {
    mkdirSync(folder, { recursive: true });
    accessSync(folder, constants.W_OK);
    modules.enableCompileCache(folder);
    // A service may run for months, and be killed in the end.
    setTimeout(() => modules.flushCompileCache(), 10_000).unref();
  } catch {
    // Without, it only takes longer to start.
  }
}
