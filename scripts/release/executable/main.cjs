/**
 * Starts the program within an executable, which holds its modules, the code that V8 made of them, and the files that
 * they read. A module is loaded when it is asked for.
 */
const { join } = require('node:path');
const { getAsset, getAssetKeys, getRawAsset } = require('node:sea');
const { compile } = require('./compile.cjs');

const held = new Set(getAssetKeys());
const modules = new Map();

// Node would show the line that threw, and a line of a bundle is a book.
process.on('uncaughtException', (error) => {
  process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`);
  process.exit(1);
});
load('main.cjs');

function load(name) {
  const known = modules.get(name);
  if (known !== undefined) return known.exports;
  const module = { exports: {} };
  modules.set(name, module);
  const filename = join(__dirname, 'lib', name);
  const code = held.has(`code/${name}`) ? new Uint8Array(getRawAsset(`code/${name}`)) : undefined;
  const run = compile(getAsset(`lib/${name}`, 'utf8'), { filename, code }).runInThisContext();
  const requireBeside = (id) => (id.startsWith('./') ? load(id.slice('./'.length)) : require(id));
  run(module.exports, requireBeside, module, filename, join(__dirname, 'lib'));
  return module.exports;
}
