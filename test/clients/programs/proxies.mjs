/**
 * Reverse proxies in front of the door, tried one by one: `node proxies.mjs PROXY URL KEY PORT`. It starts the proxy on
 * that port, asks through it on connections that are kept, and prints what each request gave as one line of JSON.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const [name, base, key, port] = process.argv.slice(2);
const to = new URL(base).host;
const dir = mkdtempSync(join(tmpdir(), 'leafcutter-proxy-'));
const root = process.env.DEBIAN_ROOT ?? '';
/** Far above what a proxy takes to listen. */
const LISTEN_LIMIT_MS = 30_000;

function file(path, text) {
  const at = join(dir, path);
  writeFileSync(at, text);
  return at;
}

function nginx(location, upstream = '') {
  const paths = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (one) => `${one}_temp_path ${dir}/${one};`,
  );
  const conf = `daemon off; master_process off; pid ${dir}/pid; error_log ${dir}/error.log;
events { worker_connections 64; }
http { access_log off; ${paths.join(' ')}
  upstream door { server ${to}; ${upstream} }
  server { listen 127.0.0.1:${port}; location / { proxy_pass http://door; proxy_set_header Host localhost; ${location} } } }`;
  return ['nginx', ['-p', dir, '-e', `${dir}/error.log`, '-c', file('nginx.conf', conf)]];
}

function haproxy(reuse, more = '') {
  const conf = `global
  maxconn 64
defaults
  mode http
  timeout connect 5s
  timeout client 10s
  timeout server 10s
frontend f
  bind 127.0.0.1:${port}
  ${more}
  default_backend b
backend b
  http-reuse ${reuse}
  server door ${to}
`;
  return ['haproxy', ['-db', '-f', file('haproxy.cfg', conf)]];
}

function apache(options) {
  const at = `${root}/usr/lib/apache2/modules`;
  const modules = ['mpm_event', 'authz_core', 'proxy', 'proxy_http'];
  const conf = `${modules.map((one) => `LoadModule ${one}_module ${at}/mod_${one}.so\n`).join('')}
User nobody
Group nogroup
ServerName 127.0.0.1
ServerRoot ${dir}
DefaultRuntimeDir ${dir}
PidFile ${dir}/pid
ErrorLog ${dir}/error.log
Listen 127.0.0.1:${port}
ProxyPass / http://${to}/ ${options}
`;
  return ['apache2', ['-X', '-f', file('apache.conf', conf)]];
}

function varnish() {
  const [host, door] = to.split(':');
  const vcl = `vcl 4.1; backend door { .host = "${host}"; .port = "${door}"; } sub vcl_recv { return (pass); }`;
  const listens = ['-a', `127.0.0.1:${port}`, '-f', file('door.vcl', vcl)];
  return ['varnishd', ['-j', 'none', '-F', '-n', `${dir}/varnish`, ...listens]];
}

function lighttpd() {
  const [host, door] = to.split(':');
  const conf = `server.modules = ("mod_proxy")
server.document-root = "${dir}"
server.bind = "127.0.0.1"
server.port = ${port}
proxy.server = ("" => (("host" => "${host}", "port" => ${door})))
`;
  return ['lighttpd', ['-D', '-m', `${root}/usr/lib/lighttpd`, '-f', file('lighttpd.conf', conf)]];
}

function caddy() {
  const conf = `{
  admin off
  auto_https off
}
http://127.0.0.1:${port} {
  bind 127.0.0.1
  reverse_proxy ${to}
}
`;
  return ['caddy', ['run', '--adapter', 'caddyfile', '--config', file('Caddyfile', conf)]];
}

/** Proxies of Node run in this process. */
async function nodeProxy(options) {
  const { default: httpProxy } = await import('http-proxy');
  const proxy = httpProxy.createProxyServer({ target: base, ...options });
  http.createServer((request, response) => proxy.web(request, response)).listen(Number(port), '127.0.0.1');
}

const KEPT = 'proxy_http_version 1.1; proxy_set_header Connection "";';
const FORWARDED =
  'proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for; proxy_set_header X-Request-Id $request_id; proxy_set_header traceparent 00-$request_id-00f067aa0ba902b7-01;';
const PROXIES = {
  nginx: () => nginx(''),
  'nginx-keepalive': () => nginx(KEPT, 'keepalive 4;'),
  'nginx-forwarded': () => nginx(KEPT + FORWARDED, 'keepalive 4;'),
  'nginx-websocket': () =>
    nginx(
      'proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection "upgrade";',
      'keepalive 4;',
    ),
  'nginx-unbuffered': () =>
    nginx(`${KEPT} proxy_buffering off; proxy_request_buffering off;`, 'keepalive 4;'),
  'nginx-h2c': () => nginx(KEPT, 'keepalive 4;'),
  haproxy: () => haproxy('safe'),
  'haproxy-always': () => haproxy('always', 'option forwardfor'),
  'haproxy-close': () => haproxy('never', 'option httpclose'),
  'haproxy-h2c': () => haproxy('safe'),
  apache: () => apache(''),
  'apache-no-reuse': () => apache('disablereuse=On'),
  varnish: () => varnish(),
  lighttpd: () => lighttpd(),
  caddy: () => caddy(),
  'caddy-h2c': () => caddy(),
};
const OWN = {
  'http-proxy': () => nodeProxy({}),
  'http-proxy-keepalive': () => nodeProxy({ agent: new http.Agent({ keepAlive: true }), xfwd: true }),
};

async function listening() {
  for (const until = performance.now() + LISTEN_LIMIT_MS; performance.now() < until; ) {
    const socket = net.connect(Number(port), '127.0.0.1');
    const isOpen = await once(socket, 'connect').then(
      () => true,
      () => false,
    );
    socket.destroy();
    if (isOpen) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`${name} does not listen`);
}

const agent = new http.Agent({ keepAlive: true });
/** As `curl --http2` asks, which proxies pass on. */
const offer = name.endsWith('-h2c')
  ? { Connection: 'Upgrade, HTTP2-Settings', Upgrade: 'h2c', 'HTTP2-Settings': 'AAMAAABkAAQAAP__' }
  : {};

function ask(path, accept) {
  const headers = { ...offer, ...(accept === undefined ? {} : { accept }) };
  return new Promise((resolve) => {
    const request = http.get({ host: '127.0.0.1', port, path, agent, headers }, async (answer) => {
      const body = Buffer.concat(await answer.toArray()).toString();
      resolve({ status: answer.statusCode, type: answer.headers['content-type'], body });
    });
    request.on('error', (error) => resolve({ error: String(error) }));
  });
}

let proxy;
if (OWN[name] === undefined) {
  const [program, args] = PROXIES[name]();
  proxy = spawn(program, args, { stdio: ['ignore', 'ignore', 'inherit'] });
  proxy.on('error', (error) => process.stderr.write(`${error.message}\n`));
} else await OWN[name]();
try {
  await listening();
  const id = `/v1/ids/${key}`;
  const given = { one: [await ask(id), await ask(id), await ask(id)] };
  given.json = await ask(id, 'application/json');
  given.batch = await ask(`${id}?count=3`);
  given.leaf = await ask(`/api/segment/get/${key}`);
  given.missing = await ask('/v1/ids/no%20such');
  process.stdout.write(`${JSON.stringify(given)}\n`);
} finally {
  if (proxy?.exitCode === null) {
    proxy.kill('SIGTERM');
    await once(proxy, 'exit');
  }
  rmSync(dir, { recursive: true, force: true });
}
process.exit();
