import { spawn } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

const CACHE = process.env.LEAFCUTTER_CLIENTS_CACHE ?? join(homedir(), '.cache', 'leafcutter-clients');
const PROGRAMS = join(import.meta.dirname, 'programs');

/** Far above what a package manager or a compiler takes on a slow machine. */
const INSTALL_LIMIT_MS = 20 * 60_000;
/** Far above what one program takes. */
const RUN_LIMIT_MS = 60_000;
const MAX_OUTPUT = 1_000_000;

/** What a program printed, and how it ended. */
export interface Ran {
  readonly isOk: boolean;
  readonly out: string;
  readonly err: string;
}

/** Runs a program to its end, or to its limit. */
export function run(
  command: string,
  args: readonly string[],
  options: { cwd?: string; limitMs?: number; env?: Record<string, string> } = {},
): Promise<Ran> {
  const { cwd, limitMs = RUN_LIMIT_MS, env } = options;
  return new Promise((resolve) => {
    const child = spawn(command, args, {
      cwd,
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: limitMs,
      killSignal: 'SIGKILL',
    });
    let [out, err] = ['', ''];
    child.stdout.on('data', (chunk: Buffer) => {
      if (out.length < MAX_OUTPUT) out += chunk;
    });
    child.stderr.on('data', (chunk: Buffer) => {
      if (err.length < MAX_OUTPUT) err += chunk;
    });
    child.on('error', (error) => resolve({ isOk: false, out, err: error.message }));
    child.on('close', (code, signal) => {
      const why = signal === 'SIGKILL' ? 'it did not end in time' : err;
      resolve({ isOk: code === 0, out, err: why });
    });
  });
}

/** The clients of one language: how to get them, outside the tree, and how to run a program with them. */
export interface Kit {
  readonly language: string;
  /** The program without which there is nothing to try. */
  readonly tool: string;
  /** Gets the clients into the cache, if `fetches` or there are none; resolves to what kept it from that. */
  install(fetches: boolean): Promise<string | undefined>;
  /** The version of a package that `install` got. */
  version(name: string): string;
  run(program: string, args: readonly string[]): Promise<Ran>;
}

function folder(name: string): string {
  const path = join(CACHE, name);
  mkdirSync(path, { recursive: true });
  return path;
}

/** Programs run from where their clients are, because Node, Go and Java look for these from there. */
function bring(program: string, at: string): void {
  copyFileSync(join(PROGRAMS, program), join(at, program));
}

/** Runs a package manager; resolves to its last words if it failed. */
async function fetched(
  command: string,
  args: readonly string[],
  cwd: string,
  env?: Record<string, string>,
): Promise<string | undefined> {
  const limits = { cwd, limitMs: INSTALL_LIMIT_MS, ...(env !== undefined && { env }) };
  const { isOk, err, out } = await run(command, args, limits);
  if (isOk) return undefined;
  // Without addresses: the page must not name where packages come from.
  const words = (err || out).replaceAll(/\S*:\/\/\S+/g, '…').trim();
  return `${command}: ${words.split('\n').slice(-2).join(' ').slice(-200)}`;
}

/** Packages of npm, several versions of one under names of ours. */
export function nodeKit(packages: readonly string[]): Kit {
  const at = folder('node');
  return {
    language: 'Node',
    tool: 'npm',
    async install(fetches) {
      if (!fetches && existsSync(join(at, 'node_modules'))) return undefined;
      if (!existsSync(join(at, 'package.json'))) writeFileSync(join(at, 'package.json'), '{"private":true}');
      return fetched('npm', ['install', '--no-audit', '--no-fund', '--loglevel=error', ...packages], at);
    },
    version(name) {
      if (name === 'node') return process.versions.node;
      return JSON.parse(readFileSync(join(at, 'node_modules', name, 'package.json'), 'utf8')).version;
    },
    run(program, args) {
      bring(program, at);
      return run(process.execPath, [program, ...args], { cwd: at });
    },
  };
}

export function pythonKit(packages: readonly string[]): Kit {
  const at = folder('python');
  const python = join(at, 'venv', 'bin', 'python');
  const versions = new Map<string, string>();
  return {
    language: 'Python',
    tool: 'python3',
    async install(fetches) {
      const isThere = existsSync(python);
      const made = isThere ? undefined : await fetched('python3', ['-m', 'venv', 'venv'], at);
      const flags = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--upgrade'];
      const problem =
        made ?? (fetches || !isThere ? await fetched(python, [...flags, ...packages], at) : undefined);
      const list = await run(python, ['-m', 'pip', 'list', '--format=json', '--disable-pip-version-check']);
      for (const { name, version } of list.isOk ? JSON.parse(list.out) : [])
        versions.set(String(name).toLowerCase(), version);
      versions.set('python', (await run(python, ['--version'])).out.replace('Python', '').trim());
      return problem;
    },
    version: (name) => versions.get(name) ?? '?',
    run: (program, args) => run(python, [join(PROGRAMS, program), ...args]),
  };
}

export function goKit(modules: readonly string[]): Kit {
  const at = folder('go');
  const versions = new Map<string, string>();
  return {
    language: 'Go',
    tool: 'go',
    async install(fetches) {
      bring('clients.go', at);
      const isThere = existsSync(join(at, 'go.mod'));
      const begun = isThere ? undefined : await fetched('go', ['mod', 'init', 'clients'], at);
      const get = ['get', ...modules.map((name) => `${name}@latest`)];
      const problem =
        begun ??
        (fetches || !isThere ? await fetched('go', get, at) : undefined) ??
        (await fetched('go', ['build', '-mod=mod', '-p', '2', '-o', 'clients', '.'], at));
      const list = await run('go', ['list', '-m', '-f', '{{.Path}} {{.Version}}', 'all'], { cwd: at });
      for (const line of list.out.split('\n')) {
        const [name = '', version = ''] = line.split(' ');
        versions.set(name, version.replace(/^v/, ''));
      }
      versions.set('go', (await run('go', ['env', 'GOVERSION'])).out.replace('go', '').trim());
      return problem;
    },
    version: (name) => versions.get(name) ?? '?',
    run: (_program, args) => run(join(at, 'clients'), args),
  };
}

export function javaKit(artifacts: readonly string[]): Kit {
  const at = folder('java');
  const versions = new Map<string, string>();
  let path = '';
  const dependency = (artifact: string) => {
    const [group, name] = artifact.split(':');
    return `<dependency><groupId>${group}</groupId><artifactId>${name}</artifactId><version>RELEASE</version></dependency>`;
  };
  return {
    language: 'Java',
    tool: 'mvn',
    async install(fetches) {
      const project = '<modelVersion>4.0.0</modelVersion><groupId>c</groupId><artifactId>c</artifactId>';
      const all = artifacts.map(dependency).join('\n');
      const text = `<project>${project}<version>1</version><dependencies>\n${all}\n</dependencies></project>\n`;
      writeFileSync(join(at, 'pom.xml'), text);
      bring('Clients.java', at);
      const list = ['-q', '-B', 'dependency:build-classpath', '-Dmdep.outputFile=path.txt'];
      const isThere = existsSync(join(at, 'path.txt'));
      const problem = fetches || !isThere ? await fetched('mvn', list, at) : undefined;
      if (problem !== undefined) return problem;
      path = readFileSync(join(at, 'path.txt'), 'utf8').trim();
      for (const jar of path.split(':')) {
        const [, name = '', version = ''] = /\/([^/]+)\/([^/]+)\/[^/]+\.jar$/.exec(jar) ?? [];
        versions.set(name, version);
      }
      const { err } = await run('java', ['-version']);
      versions.set('java', /"([^"]+)"/.exec(err)?.[1] ?? '?');
      return fetched('javac', ['-nowarn', '-cp', path, 'Clients.java'], at);
    },
    version: (name) => versions.get(name) ?? '?',
    run: (_program, args) => run('java', ['-cp', `${path}:${at}`, 'Clients', ...args]),
  };
}

/** Crates, built by Cargo with what `dependencies` of its manifest says. */
export function rustKit(dependencies: Readonly<Record<string, string>>): Kit {
  const at = folder('rust');
  const versions = new Map<string, string>();
  const program = join(at, 'target', 'debug', 'clients');
  return {
    language: 'Rust',
    tool: 'cargo',
    async install(fetches) {
      const head = '[package]\nname = "clients"\nversion = "0.0.0"\nedition = "2021"\n\n[dependencies]\n';
      const lines = Object.entries(dependencies).map(([name, wanted]) => `${name} = ${wanted}\n`);
      writeFileSync(join(at, 'Cargo.toml'), head + lines.join(''));
      mkdirSync(join(at, 'src'), { recursive: true });
      copyFileSync(join(PROGRAMS, 'clients.rs'), join(at, 'src', 'main.rs'));
      const lock = join(at, 'Cargo.lock');
      const isThere = existsSync(lock);
      const problem =
        (fetches && isThere ? await fetched('cargo', ['update', '--quiet'], at) : undefined) ??
        (await fetched('cargo', ['build', '--quiet', ...(fetches || !isThere ? [] : ['--offline'])], at));
      const list = existsSync(lock) ? readFileSync(lock, 'utf8') : '';
      for (const [, name = '', version = ''] of list.matchAll(/^name = "(.+)"\nversion = "(.+)"$/gm))
        versions.set(name, version);
      return problem;
    },
    version: (name) => versions.get(name) ?? '?',
    run: (_program, args) => run(program, args),
  };
}

/** Where Debian's packages are unpacked; nothing is installed. */
const DEBIAN = join(CACHE, 'debian', 'root');
const PROXIES = ['nginx', 'haproxy', 'apache2-bin', 'varnish', 'lighttpd', 'caddy'];
const PHP = ['php-cli', 'php-curl', 'php-redis', 'php-guzzlehttp-guzzle', 'php-nrk-predis'];
const DEBIAN_PACKAGES = [...PROXIES, ...PHP, 'ruby', 'ruby-redis', 'libwww-perl'];
/** All kits of Debian's packages share one download. */
let unpacking: Promise<string | undefined> | undefined;

/** Their programs come after the machine's own; their libraries and modules lie where only they look. */
function debianEnv(): Record<string, string> {
  const library = join(DEBIAN, 'usr', 'lib', 'x86_64-linux-gnu');
  const perl = ['usr/share/perl5', 'usr/lib/x86_64-linux-gnu/perl5/5.36'].map((path) => join(DEBIAN, path));
  const gems = join('usr', 'share', 'rubygems-integration', 'all', 'gems');
  const gemLibraries = existsSync(join(DEBIAN, gems))
    ? readdirSync(join(DEBIAN, gems)).map((name) => join(gems, name, 'lib'))
    : [];
  const ruby = ['usr/lib/ruby/3.1.0', 'usr/lib/x86_64-linux-gnu/ruby/3.1.0', 'usr/lib/ruby/vendor_ruby'];
  return {
    DEBIAN_ROOT: DEBIAN,
    PATH: [process.env.PATH, join(DEBIAN, 'usr/bin'), join(DEBIAN, 'usr/sbin')].join(':'),
    LD_LIBRARY_PATH: [library, join(library, 'varnish')].join(':'),
    PERL5LIB: perl.join(':'),
    RUBYLIB: [...ruby, ...gemLibraries].map((path) => join(DEBIAN, path)).join(':'),
  };
}

/** Downloads Debian's packages with what they need, and unpacks them. */
async function unpack(packages: readonly string[]): Promise<string | undefined> {
  const at = folder('debian');
  const archives = join(at, 'archives');
  mkdirSync(join(archives, 'partial'), { recursive: true });
  const quiet = ['--download-only', '-q', '-y', '--no-install-recommends', '-o', 'Debug::NoLocking=1'];
  const flags = ['install', ...quiet, '-o', `Dir::Cache::archives=${archives}`];
  const problem = await fetched('apt-get', [...flags, ...packages], at);
  if (problem !== undefined) return problem;
  for (const name of readdirSync(archives).filter((one) => one.endsWith('.deb'))) {
    const failed = await fetched('dpkg', ['-x', join(archives, name), DEBIAN], at);
    if (failed !== undefined) return failed;
  }
  return undefined;
}

/** The first dotted number that a program prints about itself. */
async function versionOf(program: string, args: readonly string[]): Promise<string | undefined> {
  const { isOk, out, err } = await run(program, args, { env: debianEnv() });
  return isOk ? /\d+(\.\d+)*/.exec(out + err)?.[0] : undefined;
}

/** What a kit of Debian's packages runs: a program's interpreter with its flags. */
interface DebianKit {
  readonly language: string;
  /** Programs that tell their version, and how. */
  readonly versions: () => Readonly<Record<string, readonly string[]>>;
  readonly command: () => readonly string[];
}

function debianKit({ language, versions: asked, command }: DebianKit): Kit {
  const versions = new Map<string, string>();
  return {
    language,
    tool: 'apt-get',
    async install(fetches) {
      if (fetches || !existsSync(DEBIAN)) unpacking ??= unpack(DEBIAN_PACKAGES);
      const problem = await unpacking;
      for (const [name, [program = name, ...args]] of Object.entries(asked())) {
        const version = await versionOf(program, args);
        if (version !== undefined) versions.set(name, version);
      }
      return problem;
    },
    version: (name) => versions.get(name) ?? '?',
    run(program, args) {
      const [interpreter = '', ...flags] = command();
      return run(interpreter, [...flags, join(PROGRAMS, program), ...args], { env: debianEnv() });
    },
  };
}

/** PHP without its settings file, which would name modules at places where they are not. */
function phpCommand(): string[] {
  const modules = join(DEBIAN, 'usr', 'lib', 'php');
  const [api = ''] = existsSync(modules) ? readdirSync(modules).filter((name) => /^\d+$/.test(name)) : [];
  const loaded = ['igbinary', 'redis', 'curl'].flatMap((name) => ['-d', `extension=${name}.so`]);
  const paths = [`extension_dir=${join(modules, api)}`, `include_path=.:${join(DEBIAN, 'usr/share/php')}`];
  return ['php8.2', '-n', ...paths.flatMap((path) => ['-d', path]), ...loaded];
}

export function phpKit(): Kit {
  const info = (code: string) => [...phpCommand(), '-r', `echo ${code};`];
  return debianKit({
    language: 'PHP',
    versions: () => ({
      php: ['php8.2', '--version'],
      phpredis: info('phpversion("redis")'),
      predis: info(String.raw`(require "Predis/autoload.php") ? Predis\Client::VERSION : ""`),
      guzzle: info(
        String.raw`(require "GuzzleHttp/autoload.php") ? GuzzleHttp\ClientInterface::MAJOR_VERSION : ""`,
      ),
    }),
    command: phpCommand,
  });
}

export function rubyKit(): Kit {
  return debianKit({
    language: 'Ruby',
    versions: () => ({
      ruby: ['ruby3.1', '--version'],
      redis: ['ruby3.1', '-rredis', '-e', 'puts Redis::VERSION'],
    }),
    command: () => ['ruby3.1'],
  });
}

export function proxyKit(): Kit {
  return debianKit({
    language: 'Proxies',
    versions: () => ({
      nginx: ['nginx', '-v'],
      haproxy: ['haproxy', '-v'],
      apache2: ['apache2', '-v'],
      varnish: ['varnishd', '-V'],
      lighttpd: ['lighttpd', '-v'],
      caddy: ['caddy', 'version'],
    }),
    command: () => [process.execPath],
  });
}

/** Programs that the machine has. */
export function toolKit(): Kit {
  const versions = new Map<string, string>();
  const flags: Readonly<Record<string, readonly string[]>> = {
    curl: ['--version'],
    wget: ['--version'],
    'redis-cli': ['--version'],
    bash: ['--version'],
    perl: ['-MHTTP::Tiny', '-e', 'print HTTP::Tiny->VERSION'],
    lwp: ['-MLWP', '-e', 'print LWP->VERSION'],
  };
  return {
    language: 'Programs',
    tool: 'bash',
    async install() {
      for (const [name, args] of Object.entries(flags)) {
        const version = await versionOf(name === 'lwp' ? 'perl' : name, args);
        if (version !== undefined) versions.set(name, version);
      }
      return undefined;
    },
    version: (name) => versions.get(name) ?? '',
    run: (program, args) => run('bash', [join(PROGRAMS, program), ...args], { env: debianEnv() }),
  };
}
