/**
 * The program as it is released: a few minified files that need nothing but Node. What starts later, such as a door that
 * is off, is a file of its own. Why rolldown: docs/adr/0025-releases-are-bundles.md.
 */
import { cpSync, mkdirSync, readdirSync, readFileSync, renameSync } from 'node:fs';
import { join, relative } from 'node:path';
import { pathToFileURL } from 'node:url';

const ENTRY = 'packages/cli/src/main.ts';
/** These stay files of their own: users make clients of them. */
const PROTOS = 'agent/proto';
const SCRIPTS = 'coordinator/src/stores/redis/scripts.ts';
const READS_SCRIPT = /readFileSync\(new URL\(`\.\/lua\/\$\{file\}`, import\.meta\.url\), 'utf8'\)/;
const PAGES = 'console/pages.ts';
/** It reads protos from two folders above its own. */
const REFLECTION = /@grpc\/reflection\/build\/src\//;
/** Only what we do not use of these looks for files: workers in files of their own, Postgres, channelz, friendly stacks. */
const LOOKS_IN_VAIN = /\/(thread-stream|pino|undici|ioredis|bullmq|msgpackr|@grpc\/grpc-js)\//;

/** The oldest Node that a release runs on: what undici asks for. */
export const OLDEST_NODE = '22.19';

/**
 * @param {string} root folder of the repository
 * @param {string} folder where the program goes
 * @param {object} options
 * @param {string} options.commit
 * @param {string} [options.maps] where source maps go, if anybody wants them
 * @param {'esm' | 'cjs'} [options.format] CommonJS is for executables
 * @returns {Promise<string[]>} the modules that are in it: absolute names of files, and names of rolldown's own
 */
export async function bundleProgram(root, folder, { commit, maps, format = 'esm' }) {
  const { build } = await import('rolldown');
  const packages = join(root, 'packages');
  const suffix = format === 'esm' ? 'mjs' : 'cjs';
  const { output } = await build({
    input: join(root, ENTRY),
    platform: 'node',
    logLevel: 'warn',
    // BullMQ's msgpackr does without this native addon.
    external: ['msgpackr-extract'],
    plugins: [
      withScripts(packages),
      withPages(packages),
      readBesideBundle(packages),
      ownFolders(),
      onlyLatin(),
    ],
    // Sources of ours do nothing when they are imported, so a chunk is loaded only for what is taken from it.
    treeshake: {
      moduleSideEffects: [{ test: /packages\/(?!cli\/src\/main)[^/]+\/src\//, sideEffects: false }],
    },
    preserveEntrySignatures: 'allow-extension',
    transform: { target: `node${OLDEST_NODE}`, define: { LEAFCUTTER_COMMIT: JSON.stringify(commit) } },
    output: {
      dir: folder,
      format,
      // Libraries ask classes for their names, and a stack trace is read by people.
      minify: { compress: true, mangle: { keepNames: true }, codegen: true },
      comments: { legal: false },
      sourcemap: maps === undefined ? false : 'hidden',
      entryFileNames: `[name].${suffix}`,
      chunkFileNames: `[name]-[hash].${suffix}`,
      codeSplitting: { groups: groups(packages) },
    },
  });
  if (maps !== undefined) setMapsApart(folder, maps);
  cpSync(join(packages, PROTOS), join(folder, PROTOS), { recursive: true });
  const reflection = join(packages, 'agent/node_modules/@grpc/reflection/build/proto/grpc/reflection');
  cpSync(reflection, join(folder, PROTOS, 'grpc/reflection'), { recursive: true });
  return [...new Set(output.flatMap(({ modules = {} }) => Object.keys(modules)))].sort();
}

function setMapsApart(folder, maps) {
  mkdirSync(maps, { recursive: true });
  for (const name of readdirSync(folder).filter((file) => file.endsWith('.map')))
    renameSync(join(folder, name), join(maps, name));
}

/** Redis' scripts, within the module that reads them from beside it elsewhere. */
function withScripts(packages) {
  return {
    name: 'with-scripts',
    transform(code, id) {
      if (id !== join(packages, SCRIPTS)) return undefined;
      if (!READS_SCRIPT.test(code)) throw new Error(`${SCRIPTS} reads its scripts in another way now`);
      const folder = join(packages, SCRIPTS, '../lua');
      const texts = readdirSync(folder).map((file) => [file, readFileSync(join(folder, file), 'utf8')]);
      const table = JSON.stringify(Object.fromEntries(texts.sort()));
      return `${code.replace(READS_SCRIPT, 'LUA[file]')}\nconst LUA = ${table};`;
    },
  };
}

/** The console's pages, as they were built, in place of the module that reads them. */
function withPages(packages) {
  const file = join(packages, PAGES);
  return {
    name: 'with-pages',
    async load(id) {
      if (id !== file) return undefined;
      const { builtPage } = await import(pathToFileURL(file).href);
      const pages = ['index', 'agent'].map((name) => {
        const { html, assets } = builtPage(name);
        return [
          name,
          { html, assets: [...assets].sort().map(([asset, bytes]) => [asset, bytes.toString('utf8')]) },
        ];
      });
      return `const PAGES = ${JSON.stringify(Object.fromEntries(pages))};
        export function builtPage(name) {
          const { html, assets } = PAGES[name];
          return { html, assets: new Map(assets.map(([asset, text]) => [asset, Buffer.from(text)])) };
        }`;
    },
  };
}

/** A module finds what stood beside it at the same place below the bundle. */
function readBesideBundle(packages) {
  return {
    name: 'read-beside-bundle',
    transform(code, id) {
      // Where the program itself is, it has to know of the bundle.
      if (!id.startsWith(packages) || id.endsWith(ENTRY) || !code.includes('import.meta.url'))
        return undefined;
      const place = JSON.stringify(`./${relative(packages, id)}`);
      return code.replaceAll('import.meta.url', `new URL(${place}, import.meta.url)`);
    },
  };
}

/** Where a library looks for what stands beside it: a bundle has no `__dirname`. */
function ownFolders() {
  const place = 'leafcutter:place';
  return {
    name: 'own-folders',
    resolveId: (name) => (name === place ? `\0rolldown/${place}` : undefined),
    load: (id) => (id.endsWith(place) ? 'export const folder = import.meta.dirname;' : undefined),
    transform(code, id) {
      if (!/\b__(dirname|filename)\b/.test(code) || !id.includes('/node_modules/')) return undefined;
      if (LOOKS_IN_VAIN.test(id)) return undefined;
      if (!REFLECTION.test(id))
        throw new Error(
          `${id} looks for files beside itself, and nobody has said where they are in a release`,
        );
      return code.replaceAll(/\b__dirname\b/g, `(require('${place}').folder + '/agent/x/y')`);
    },
  };
}

/** One letter beyond Latin-1 makes V8 keep two bytes for each letter of a file. Only texts and patterns hold any. */
function onlyLatin() {
  return {
    name: 'only-latin',
    generateBundle: {
      order: 'post',
      handler(_options, bundle) {
        for (const chunk of Object.values(bundle)) {
          if (chunk.type !== 'chunk') continue;
          const escaped = chunk.code.replaceAll(
            /[\u0100-\uffff]/g,
            (letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`,
          );
          // Tables of Chinese and Japanese are shorter as they are.
          if (escaped.length < 2 * chunk.code.length) chunk.code = escaped;
        }
      },
    },
  };
}

/** What every command loads anyway is not scattered over many files, nor what is small. */
function groups(packages) {
  return [
    { ...lightModules(packages), debugName: 'common', minShareCount: 2, priority: 2 },
    { name: 'wire', test: /shared\/src\/wire\/|node_modules\/zod\//, priority: 1 },
    { name: 'helpers', test: /node_modules\/(debug|iconv-lite|long)\//, priority: 1 },
    { name: 'settings', test: /(agent|coordinator|shared)\/src\/settings\/|cli\/src\/load-settings\.ts/ },
  ];
}

/** Modules of ours that need no library and that several commands share: small, so in one file. */
function lightModules(packages) {
  const known = new Map();
  const isLight = (id, getModuleInfo) => {
    if (!known.has(id)) {
      known.set(id, true);
      const { importedIds = [] } = getModuleInfo(id) ?? {};
      const isOwn = id.startsWith(packages);
      known.set(
        id,
        id.startsWith('node:') || (isOwn && importedIds.every((next) => isLight(next, getModuleInfo))),
      );
    }
    return known.get(id);
  };
  return {
    test: /packages\/(shared|cli)\/src\//,
    name: (id, context) => (isLight(id, (next) => context.getModuleInfo(next)) ? 'common' : null),
  };
}
