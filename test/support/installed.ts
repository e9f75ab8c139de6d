import { existsSync, lstatSync, readdirSync, readFileSync, realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const PACKAGES = fileURLToPath(new URL('../../packages', import.meta.url));

/** A package in node_modules. */
export interface Installed {
  readonly name: string;
  readonly version: string;
  readonly licence: string;
  /** Scripts that a package manager would run when it installs it. */
  readonly installScripts: readonly string[];
  readonly bytes: number;
}

interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly license?: string | { readonly type: string };
  readonly scripts?: Readonly<Record<string, string>>;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

/**
 * Everything that one of our packages brings along when it is installed to run, without what is only needed to build
 * it.
 */
export function productionDependencies(name: string): Installed[] {
  const found = new Map<string, Installed>();
  const visit = (folder: string) => {
    const manifest = read(folder);
    const wanted = { ...manifest.dependencies, ...manifest.optionalDependencies };
    for (const dependency of Object.keys(wanted)) {
      const at = locate(folder, dependency);
      if (at === undefined || found.has(at)) continue;
      const own = read(at);
      if (!own.name.startsWith('@leafcutter/')) found.set(at, describe(at, own));
      else found.set(at, { ...describe(at, own), bytes: 0 });
      visit(at);
    }
  };
  visit(join(PACKAGES, name));
  return [...found.values()].filter((one) => !one.name.startsWith('@leafcutter/'));
}

function describe(folder: string, { name, version, license, scripts = {} }: Manifest): Installed {
  const installScripts = ['preinstall', 'install', 'postinstall'].filter((script) => script in scripts);
  const licence = typeof license === 'object' ? license.type : (license ?? 'none');
  return { name, version, licence, installScripts, bytes: sizeOf(folder) };
}

/** As Node looks for it: in node_modules of this folder or of one above. Optional ones may be missing. */
function locate(from: string, dependency: string): string | undefined {
  for (let folder = from; folder !== dirname(folder); folder = dirname(folder)) {
    const at = join(folder, 'node_modules', dependency);
    if (existsSync(at)) return realpathSync(at);
  }
  return undefined;
}

function read(folder: string): Manifest {
  return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Manifest;
}

function sizeOf(folder: string): number {
  let bytes = 0;
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory() && entry.name !== 'node_modules') bytes += sizeOf(path);
    else if (entry.isFile()) bytes += lstatSync(path).size;
  }
  return bytes;
}
