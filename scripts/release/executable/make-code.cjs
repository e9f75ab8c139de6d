/** Writes the code that V8 makes of each module of a folder into another folder. It is run by the Node that will read it. */
const { mkdirSync, readdirSync, readFileSync, writeFileSync } = require('node:fs');
const { join } = require('node:path');
const { compile } = require('./compile.cjs');

const [, , folder, out] = process.argv;
mkdirSync(out, { recursive: true });
for (const name of readdirSync(folder).filter((file) => file.endsWith('.cjs'))) {
  const script = compile(readFileSync(join(folder, name), 'utf8'), { filename: name });
  writeFileSync(join(out, name), script.createCachedData());
}
