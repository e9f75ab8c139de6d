/** Which packages a bundle is made of, told by its modules. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, sep } from 'node:path';

/** Helpers that rolldown puts into what it makes: its own, and those that it holds of Oxc, under its own licence. */
const HELPERS = /^\0(?:rolldown\/|@oxc-project\+runtime@(?<oxc>[^/]+)\/)/;

/**
 * @typedef {object} Component
 * @property {string} name
 * @property {string} version
 * @property {string} license an SPDX expression
 * @property {string} text the licence, as the package holds it; empty if it holds none
 */

/**
 * @param {readonly string[]} modules as the bundler names them
 * @param {{ root: string, bundler: string }} options `bundler`: the folder of the package whose helpers are in it
 * @returns {Component[]} sorted, each once, without our own
 */
export function componentsOf(modules, { root, bundler }) {
  const own = join(root, 'packages') + sep;
  const folders = new Set();
  const helpers = [];
  for (const id of modules) {
    const file = id.split('?')[0];
    if (!file.startsWith(sep)) {
      const helper = HELPERS.exec(file);
      if (helper === null) throw new Error(`nobody knows where the module ${JSON.stringify(id)} is from`);
      const { oxc } = helper.groups;
      helpers.push(
        component(bundler, oxc === undefined ? {} : { name: '@oxc-project/runtime', version: oxc }),
      );
    } else if (!file.startsWith(own) || file.includes(`${sep}node_modules${sep}`)) {
      folders.add(packageOf(file));
    }
  }
  const components = [...[...folders].map((folder) => component(folder)), ...helpers];
  const byKey = new Map(components.map((one) => [`${one.name}@${one.version}`, one]));
  return [...byKey.keys()].sort().map((key) => byKey.get(key));
}

/** The nearest folder above with a named and versioned manifest: inner ones only say what kind of modules there are. */
function packageOf(file) {
  for (let folder = dirname(file); folder !== dirname(folder); folder = dirname(folder)) {
    const manifest = join(folder, 'package.json');
    if (existsSync(manifest) && JSON.parse(readFileSync(manifest, 'utf8')).version !== undefined)
      return folder;
  }
  throw new Error(`${file} is in no package`);
}

/** A package by its folder. @param {{ name?: string, version?: string }} [named] what its manifest says otherwise */
export function component(folder, named = {}) {
  const { name, version, license, licenses } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  const told = license?.type ?? license ?? licenses?.map(({ type }) => type).join(' OR ');
  const file = readdirSync(folder).find((entry) => /^(licen[cs]e|copying)(\.(md|txt))?$/i.test(entry));
  const text = file === undefined ? '' : readFileSync(join(folder, file), 'utf8').trim();
  return { name, version, license: told ?? 'NOASSERTION', text, ...named };
}
