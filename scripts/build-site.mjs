/**
 * `npm run docs`: the documents as a site with search, in `dist/docs`. What builds it is no dependency of the project:
 * it is installed into a cache the first time.
 */
import { spawnSync } from 'node:child_process';
import {
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { relink } from './relink.mjs';

const FOLDERS = ['.', 'docs', 'docs/adr', 'deploy', 'packages/client'];

/** Paths of the pages below `root`. @param {string} root @returns {string[]} */
export function sitePages(root) {
  return FOLDERS.flatMap((folder) =>
    readdirSync(join(root, folder))
      .filter((name) => name.endsWith('.md'))
      .map((name) => normalize(join(folder, name))),
  ).sort();
}

/** A README is the first page of its folder. */
const placeOf = (page) => page.replace(/README\.md$/, 'index.md');

/**
 * A page as the site has it: links to what is none of its pages, such as sources, become text.
 *
 * @param {string} page its path
 * @param {string} markdown
 * @param {readonly string[]} pages
 * @returns {string}
 */
export function sitePage(page, markdown, pages) {
  const isPage = (path) => pages.includes(normalize(join(dirname(page), path)));
  return relink(markdown, (path) => (isPage(path) ? placeOf(path) : undefined));
}

/** Lays the pages out in a fresh folder, beside the tool. */
function layOut(root, site) {
  rmSync(join(site, 'pages'), { recursive: true, force: true });
  const pages = sitePages(root);
  for (const page of pages) {
    const place = join(site, 'pages', placeOf(page));
    mkdirSync(dirname(place), { recursive: true });
    writeFileSync(place, sitePage(page, readFileSync(join(root, page), 'utf8'), pages));
  }
  cpSync(join(root, 'docs/images'), join(site, 'pages/docs/images'), { recursive: true });
  mkdirSync(join(site, 'pages/.vitepress'));
  copyFileSync(join(root, 'site/config.mjs'), join(site, 'pages/.vitepress/config.mjs'));
}

/** Returns what went wrong, or nothing. */
export function buildSite(root, say) {
  const site = join(root, 'node_modules/.cache/docs-site');
  const run = (command, ...args) => spawnSync(command, args, { cwd: site, stdio: 'inherit' }).status === 0;
  const wanted = readFileSync(join(root, 'site/package.json'), 'utf8');
  const stamp = join(site, '.installed');
  mkdirSync(site, { recursive: true });
  if (!existsSync(stamp) || readFileSync(stamp, 'utf8') !== wanted) {
    writeFileSync(join(site, 'package.json'), wanted);
    say('Installing what builds the site …');
    const flags = ['--ignore-scripts', '--no-package-lock', '--no-audit', '--no-fund'];
    if (!run('npm', 'install', ...flags)) return 'Installing failed; the lines above say why.';
    writeFileSync(stamp, wanted);
  }
  layOut(root, site);
  const out = join(root, 'dist/docs');
  const vitepress = join(site, 'node_modules/vitepress/bin/vitepress.js');
  if (!run(process.execPath, vitepress, 'build', 'pages', '--outDir', out))
    return 'The site could not be built; the lines above say why.';
  say(
    `Wrote ${out}. Any server of files shows it: python3 -m http.server --bind 127.0.0.1 --directory ${out} 8080`,
  );
  return undefined;
}
