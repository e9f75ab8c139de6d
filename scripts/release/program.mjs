/** Makes the program from a tree without Git, for an image, as it is released for npm: `node program.mjs FOLDER`. */
import { readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { buildConsole } from '../build-console.mjs';
import { programPackage } from './npm-packages.mjs';

const root = dirname(dirname(import.meta.dirname));
const [folder = ''] = process.argv.slice(2);
const { REVISION = 'unknown', SOURCE_DATE_EPOCH = '0' } = process.env;
const unbuilt = buildConsole(process.execPath);
if (unbuilt !== undefined) throw new Error(unbuilt);
const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
const of = { root, version, commit: REVISION.slice(0, 12), time: Number(SOURCE_DATE_EPOCH) };
await programPackage(of, resolve(folder));
