import {
  goKit,
  javaKit,
  type Kit,
  nodeKit,
  phpKit,
  proxyKit,
  pythonKit,
  rubyKit,
  rustKit,
  toolKit,
} from './kits.ts';

export type Door = 'redis' | 'http' | 'grpc';

/** A client, or a way of using one, that is tried. */
export interface Row {
  readonly door: Door;
  readonly kit: Kit;
  /** What the program knows it by. */
  readonly name: string;
  /** What people know it by. */
  readonly title: string;
  /** Whose version stands in the table. */
  readonly package: string;
  readonly program: string;
  /** What its user has to set, or to know. */
  readonly advice?: string | undefined;
}

const ROUNDS = 'rounds integers past 2^53 − 1: use `LC.NEXT`';
/** Told of clients that would round what `resp.allowUnsafeIntegers` lets through. */
const TEXT = '`stringNumbers: true` gives exact texts';

const UPSTREAM =
  'sends the name of its `upstream` as the host, which an agent without tokens refuses: `proxy_set_header Host localhost`, or `allowedHosts`';

const node = nodeKit([
  ...['ioredis@latest', 'ioredis5@npm:ioredis@5', 'iovalkey@latest', 'redis@latest', 'redis5@npm:redis@5'],
  ...['redis4@npm:redis@4', 'redis3@npm:redis@3', 'tedis@latest', '@valkey/valkey-glide@latest'],
  ...['undici@latest', 'axios@latest', 'got@latest', 'node-fetch@latest', 'superagent@latest', 'ky@latest'],
  ...['needle@latest', 'http-proxy@latest', '@grpc/grpc-js@latest'],
]);
const python = pythonKit([
  ...['redis', 'valkey', 'coredis', 'valkey-glide'],
  ...['requests', 'niquests', 'httpx', 'aiohttp', 'urllib3', 'tornado', 'pycurl'],
  'grpcio',
]);
const GO_REDIS = 'github.com/redis/go-redis/v9';
const GO_REDIS_8 = 'github.com/go-redis/redis/v8';
const go = goKit([
  ...[GO_REDIS, GO_REDIS_8, 'github.com/gomodule/redigo', 'github.com/mediocregopher/radix/v4'],
  ...['github.com/redis/rueidis', 'github.com/valkey-io/valkey-go'],
  ...['github.com/valyala/fasthttp', 'github.com/go-resty/resty/v2'],
  'google.golang.org/grpc',
]);
const rust = rustKit({
  redis: '{ version = "*", features = ["tokio-comp", "connection-manager"] }',
  fred: '{ version = "*", default-features = false, features = ["i-keys", "transactions"] }',
  reqwest: '{ version = "*", default-features = false, features = ["blocking"] }',
  'hyper-util': '{ version = "*", features = ["client-legacy", "http1", "tokio"] }',
  ureq: '{ version = "*", default-features = false }',
  minreq: '"*"',
  tonic: '"*"',
  'tonic-prost': '"*"',
  prost: '"*"',
  tokio: '{ version = "*", features = ["rt-multi-thread", "net", "time"] }',
  bytes: '"*"',
  http: '"*"',
  'http-body-util': '"*"',
  serde_json: '"*"',
});
const java = javaKit([
  ...['redis.clients:jedis', 'io.lettuce:lettuce-core', 'org.redisson:redisson'],
  ...['org.apache.httpcomponents:httpclient', 'org.apache.httpcomponents.client5:httpclient5'],
  ...['com.squareup.okhttp3:okhttp-jvm', 'org.springframework:spring-web', 'org.eclipse.jetty:jetty-client'],
]);
const tools = toolKit();
const [proxies, php, ruby] = [proxyKit(), phpKit(), rubyKit()];

export const KITS: readonly Kit[] = [tools, node, python, java, proxies, php, ruby, go, rust];

const of =
  (door: Door, kit: Kit, program: string) =>
  (name: string, title: string, from: string, advice?: string): Row => ({
    door,
    kit,
    name,
    title,
    package: from,
    program,
    advice,
  });

const nodeRedis = of('redis', node, 'redis.mjs');
const pythonRedis = of('redis', python, 'redis_clients.py');
const goRedis = of('redis', go, 'clients.go');
const javaRedis = of('redis', java, 'Clients.java');
const cli = of('redis', tools, 'redis-tool.sh');
const nodeHttp = of('http', node, 'http.mjs');
const pythonHttp = of('http', python, 'http_clients.py');
const goHttp = of('http', go, 'clients.go');
const javaHttp = of('http', java, 'Clients.java');
const tool = of('http', tools, 'http-tool.sh');
const rustRedis = of('redis', rust, 'clients.rs');
const rustHttp = of('http', rust, 'clients.rs');
const phpRedis = of('redis', php, 'clients.php');
const phpHttp = of('http', php, 'clients.php');
const rubyRedis = of('redis', ruby, 'clients.rb');
const rubyHttp = of('http', ruby, 'clients.rb');
const nodeProxy = of('http', node, 'proxies.mjs');
const proxy = of('http', proxies, 'proxies.mjs');

const REDIS_ROWS: readonly Row[] = [
  nodeRedis('ioredis', 'ioredis', 'ioredis', `${ROUNDS}; ${TEXT}`),
  nodeRedis('ioredis-resp2', 'ioredis, RESP 2', 'ioredis', ROUNDS),
  nodeRedis('ioredis-text', 'ioredis, stringNumbers', 'ioredis'),
  nodeRedis('ioredis-cluster', 'ioredis, cluster', 'ioredis', ROUNDS),
  nodeRedis('ioredis5', 'ioredis 5', 'ioredis5', `${ROUNDS}; ${TEXT}`),
  nodeRedis('ioredis5-cluster', 'ioredis 5, cluster', 'ioredis5', ROUNDS),
  nodeRedis('iovalkey', 'iovalkey', 'iovalkey', `${ROUNDS}; ${TEXT}`),
  nodeRedis('iovalkey-cluster', 'iovalkey, cluster', 'iovalkey', ROUNDS),
  nodeRedis('node-redis', 'redis (node-redis)', 'redis', ROUNDS),
  nodeRedis('node-redis-cache', 'redis (node-redis), client-side cache', 'redis', ROUNDS),
  nodeRedis('node-redis-cluster', 'redis (node-redis), cluster', 'redis', ROUNDS),
  nodeRedis('node-redis5', 'redis (node-redis) 5', 'redis5', ROUNDS),
  nodeRedis('node-redis4', 'redis (node-redis) 4', 'redis4', ROUNDS),
  nodeRedis('node-redis3', 'redis (node-redis) 3', 'redis3', ROUNDS),
  nodeRedis('tedis', 'tedis', 'tedis', ROUNDS),
  nodeRedis('glide-node', 'valkey-glide', '@valkey/valkey-glide', ROUNDS),
  nodeRedis('glide-node-cluster', 'valkey-glide, cluster', '@valkey/valkey-glide', ROUNDS),
  pythonRedis('redis-py', 'redis-py', 'redis'),
  pythonRedis('redis-py-resp2', 'redis-py, RESP 2', 'redis'),
  pythonRedis('redis-py-resp3', 'redis-py, RESP 3', 'redis'),
  pythonRedis('redis-py-asyncio', 'redis-py, asyncio', 'redis'),
  pythonRedis('redis-py-cluster', 'redis-py, cluster', 'redis'),
  pythonRedis('valkey-py', 'valkey-py', 'valkey'),
  pythonRedis('valkey-py-asyncio', 'valkey-py, asyncio', 'valkey'),
  pythonRedis('valkey-py-cluster', 'valkey-py, cluster', 'valkey'),
  pythonRedis('coredis', 'coredis', 'coredis'),
  pythonRedis('glide-python', 'valkey-glide', 'valkey-glide'),
  pythonRedis('glide-python-cluster', 'valkey-glide, cluster', 'valkey-glide'),
  goRedis('go-redis', 'go-redis', GO_REDIS),
  goRedis('go-redis-resp2', 'go-redis, RESP 2', GO_REDIS),
  goRedis('go-redis-cluster', 'go-redis, cluster', GO_REDIS),
  goRedis('go-redis8', 'go-redis 8', GO_REDIS_8),
  goRedis('go-redis8-cluster', 'go-redis 8, cluster', GO_REDIS_8),
  goRedis('rueidis', 'rueidis', 'github.com/redis/rueidis'),
  goRedis('rueidis-single', 'rueidis, no cache, one node', 'github.com/redis/rueidis'),
  goRedis('valkey-go', 'valkey-go', 'github.com/valkey-io/valkey-go'),
  goRedis('redigo', 'redigo', 'github.com/gomodule/redigo'),
  goRedis('radix', 'radix', 'github.com/mediocregopher/radix/v4'),
  javaRedis('jedis', 'Jedis', 'jedis'),
  javaRedis('jedis-resp3', 'Jedis, RESP 3', 'jedis'),
  javaRedis('jedis-cluster', 'Jedis, cluster', 'jedis'),
  javaRedis('lettuce', 'Lettuce', 'lettuce-core'),
  javaRedis('lettuce-cluster', 'Lettuce, cluster', 'lettuce-core'),
  javaRedis(
    'redisson',
    'Redisson',
    'redisson',
    '`incrementAndGet`, never `getAndIncrement`, which computes a number that may be another agent’s',
  ),
  rustRedis('redis-rs', 'redis-rs', 'redis'),
  rustRedis('redis-rs-resp3', 'redis-rs, RESP 3', 'redis'),
  rustRedis('redis-rs-async', 'redis-rs, multiplexed', 'redis'),
  rustRedis('redis-rs-manager', 'redis-rs, ConnectionManager', 'redis'),
  rustRedis('fred', 'fred', 'fred'),
  phpRedis('phpredis', 'phpredis', 'phpredis'),
  phpRedis('phpredis-persistent', 'phpredis, pconnect', 'phpredis'),
  phpRedis('predis', 'predis', 'predis'),
  rubyRedis('redis-rb', 'redis-rb', 'redis'),
  cli('redis-cli', 'redis-cli (hiredis)', 'redis-cli'),
  cli('redis-cli-resp3', 'redis-cli -3', 'redis-cli'),
];

const HTTP_ROWS: readonly Row[] = [
  nodeHttp('fetch', 'fetch', 'node'),
  nodeHttp('fetch-post', 'fetch, POST', 'node'),
  nodeHttp('http-keepalive', 'node:http, keep-alive', 'node'),
  nodeHttp('http-no-keepalive', 'node:http, without keep-alive', 'node'),
  nodeHttp('http-post', 'node:http, POST with a form', 'node'),
  nodeHttp('http-expect', 'node:http, POST with Expect: 100-continue', 'node'),
  nodeHttp('http-chunked-get', 'node:http, GET with a body in chunks', 'node'),
  nodeHttp('http-get-body', 'node:http, GET with a body', 'node'),
  nodeHttp('http-h2c-offer', 'node:http, offering h2c each time', 'node'),
  nodeHttp('http-traced', 'node:http, with the fields of tracing', 'node'),
  nodeHttp('undici', 'undici', 'undici'),
  nodeHttp('undici-fetch', 'undici, fetch', 'undici'),
  nodeHttp('undici-pipelining', 'undici, Pool with pipelining', 'undici'),
  nodeHttp('undici-retry', 'undici, RetryAgent', 'undici'),
  nodeHttp('undici-reset', 'undici, a connection a request', 'undici'),
  nodeHttp(
    'axios',
    'axios',
    'axios',
    'gets JSON, because it asks for that first; it makes a number of a bare one',
  ),
  nodeHttp('axios-keepalive', 'axios, keep-alive', 'axios'),
  nodeHttp('axios-fetch', 'axios, by fetch', 'axios'),
  nodeHttp('got', 'got', 'got'),
  nodeHttp('got-keepalive', 'got, keep-alive', 'got'),
  nodeHttp('node-fetch', 'node-fetch', 'node-fetch'),
  nodeHttp('node-fetch-keepalive', 'node-fetch, keep-alive', 'node-fetch'),
  nodeHttp('ky', 'ky', 'ky'),
  nodeHttp('superagent', 'superagent', 'superagent'),
  nodeHttp('superagent-keepalive', 'superagent, keep-alive', 'superagent'),
  nodeHttp('needle', 'needle', 'needle'),
  nodeHttp('needle-keepalive', 'needle, keep-alive', 'needle'),
  nodeProxy('http-proxy', 'through http-proxy', 'http-proxy'),
  nodeProxy('http-proxy-keepalive', 'through http-proxy, keep-alive', 'http-proxy'),
  pythonHttp('requests', 'requests', 'requests'),
  pythonHttp('requests-session', 'requests, Session', 'requests'),
  pythonHttp('requests-close', 'requests, Connection: close', 'requests'),
  pythonHttp('requests-post', 'requests, POST with a form', 'requests'),
  pythonHttp('requests-chunked', 'requests, GET with a body in chunks', 'requests'),
  pythonHttp('niquests', 'niquests', 'niquests'),
  pythonHttp('httpx', 'httpx', 'httpx'),
  pythonHttp('httpx-async', 'httpx, async', 'httpx'),
  pythonHttp('httpx-bare', 'httpx, without a client', 'httpx'),
  pythonHttp('httpx-no-keepalive', 'httpx, without keep-alive', 'httpx'),
  pythonHttp('httpcore', 'httpcore', 'httpcore'),
  pythonHttp('aiohttp', 'aiohttp', 'aiohttp'),
  pythonHttp('aiohttp-http1.0', 'aiohttp, HTTP/1.0', 'aiohttp'),
  pythonHttp('aiohttp-no-keepalive', 'aiohttp, without keep-alive', 'aiohttp'),
  pythonHttp('urllib3', 'urllib3', 'urllib3'),
  pythonHttp('urllib3-chunked', 'urllib3, GET with a body in chunks', 'urllib3'),
  pythonHttp('urllib', 'urllib.request', 'python'),
  pythonHttp('http-client', 'http.client', 'python'),
  pythonHttp('http-client-http1.0', 'http.client, HTTP/1.0', 'python'),
  pythonHttp('tornado', 'tornado', 'tornado'),
  pythonHttp(
    'tornado-curl',
    'tornado, by libcurl',
    'tornado',
    'calls itself a browser (`Mozilla/5.0 (compatible; pycurl)`), which gets no IDs: set `user_agent`',
  ),
  pythonHttp('pycurl', 'pycurl', 'pycurl'),
  pythonHttp('pycurl-http1.0', 'pycurl, HTTP/1.0', 'pycurl'),
  pythonHttp('pycurl-http2', 'pycurl, offering h2c', 'pycurl'),
  goHttp('net-http', 'net/http', 'go'),
  goHttp('net-http-no-keepalive', 'net/http, without keep-alive', 'go'),
  goHttp('net-http-no-compression', 'net/http, without compression', 'go'),
  goHttp('net-http-post', 'net/http, POST', 'go'),
  goHttp('net-http-expect', 'net/http, POST with Expect: 100-continue', 'go'),
  goHttp('net-http-chunked-get', 'net/http, GET with a body in chunks', 'go'),
  goHttp('reverse-proxy', 'through httputil.ReverseProxy', 'go'),
  goHttp('reverse-proxy-post', 'through httputil.ReverseProxy, POST', 'go'),
  goHttp('fasthttp', 'fasthttp', 'github.com/valyala/fasthttp'),
  goHttp('resty', 'resty', 'github.com/go-resty/resty/v2'),
  javaHttp('jdk', 'java.net.http.HttpClient', 'java'),
  javaHttp('jdk-http1', 'java.net.http.HttpClient, HTTP/1.1', 'java'),
  javaHttp('jdk-async', 'java.net.http.HttpClient, sendAsync', 'java'),
  javaHttp('jdk-post', 'java.net.http.HttpClient, POST', 'java'),
  javaHttp('jdk-expect', 'java.net.http.HttpClient, POST with Expect: 100-continue', 'java'),
  javaHttp('url-connection', 'HttpURLConnection', 'java'),
  javaHttp('url-connection-close', 'HttpURLConnection, Connection: close', 'java'),
  javaHttp('apache4', 'Apache HttpClient 4', 'httpclient'),
  javaHttp('apache5', 'Apache HttpClient 5', 'httpclient5'),
  javaHttp('apache5-async', 'Apache HttpClient 5, async', 'httpclient5'),
  javaHttp('okhttp', 'OkHttp', 'okhttp-jvm'),
  javaHttp('okhttp-no-pool', 'OkHttp, without a pool', 'okhttp-jvm'),
  javaHttp('rest-template', 'Spring RestTemplate', 'spring-web'),
  javaHttp('rest-template-jdk', 'Spring RestTemplate on the JDK’s client', 'spring-web'),
  javaHttp('rest-template-apache5', 'Spring RestTemplate on Apache HttpClient 5', 'spring-web'),
  javaHttp('rest-client', 'Spring RestClient', 'spring-web'),
  javaHttp('rest-client-jdk', 'Spring RestClient on the JDK’s client', 'spring-web'),
  javaHttp('rest-client-simple', 'Spring RestClient on HttpURLConnection', 'spring-web'),
  javaHttp('rest-client-jetty', 'Spring RestClient on Jetty', 'spring-web'),
  javaHttp('jetty', 'Jetty client', 'jetty-client'),
  rustHttp('reqwest', 'reqwest', 'reqwest'),
  rustHttp('reqwest-no-pool', 'reqwest, without a pool', 'reqwest'),
  rustHttp('reqwest-blocking', 'reqwest, blocking', 'reqwest'),
  rustHttp('hyper', 'hyper', 'hyper'),
  rustHttp('hyper-post', 'hyper, POST', 'hyper'),
  rustHttp('ureq', 'ureq', 'ureq'),
  rustHttp('minreq', 'minreq', 'minreq'),
  phpHttp('php-curl', 'PHP’s curl', 'php'),
  phpHttp('php-curl-post', 'PHP’s curl, POST with a form', 'php'),
  phpHttp('php-stream', 'file_get_contents', 'php'),
  phpHttp('php-stream-http1.0', 'file_get_contents, HTTP/1.0', 'php'),
  phpHttp('guzzle', 'Guzzle', 'guzzle'),
  rubyHttp('net-http-ruby', 'Net::HTTP', 'ruby'),
  rubyHttp('net-http-ruby-kept', 'Net::HTTP, one connection', 'ruby'),
  rubyHttp('net-http-ruby-post', 'Net::HTTP, POST', 'ruby'),
  proxy('nginx', 'through nginx', 'nginx', UPSTREAM),
  proxy('nginx-keepalive', 'through nginx, keep-alive', 'nginx', UPSTREAM),
  proxy('nginx-forwarded', 'through nginx, with fields that change', 'nginx', UPSTREAM),
  proxy('nginx-websocket', 'through nginx, with its websocket lines', 'nginx', UPSTREAM),
  proxy('nginx-unbuffered', 'through nginx, unbuffered', 'nginx', UPSTREAM),
  proxy('nginx-h2c', 'through nginx, from a client that offers h2c', 'nginx', UPSTREAM),
  proxy('haproxy', 'through haproxy', 'haproxy'),
  proxy('haproxy-always', 'through haproxy, connections shared', 'haproxy'),
  proxy('haproxy-close', 'through haproxy, httpclose', 'haproxy'),
  proxy('haproxy-h2c', 'through haproxy, from a client that offers h2c', 'haproxy'),
  proxy('apache', 'through Apache httpd', 'apache2'),
  proxy('apache-no-reuse', 'through Apache httpd, without reuse', 'apache2'),
  proxy('varnish', 'through varnish', 'varnish'),
  proxy('lighttpd', 'through lighttpd', 'lighttpd'),
  proxy('caddy', 'through Caddy', 'caddy'),
  proxy('caddy-h2c', 'through Caddy, from a client that offers h2c', 'caddy'),
  tool('curl', 'curl', 'curl'),
  tool('curl-http1.0', 'curl -0', 'curl'),
  tool('curl-http1.0-keepalive', 'curl -0, keep-alive', 'curl'),
  tool('curl-http2', 'curl --http2', 'curl'),
  tool('curl-compressed', 'curl --compressed', 'curl'),
  tool('curl-close', 'curl, Connection: close', 'curl'),
  tool('curl-post', 'curl -d', 'curl'),
  tool('curl-post-empty', 'curl -X POST with no body', 'curl'),
  tool('curl-expect', 'curl -d with Expect: 100-continue', 'curl'),
  tool('curl-chunked-get', 'curl -X GET with a body in chunks', 'curl'),
  tool('curl-proxy', 'curl -x, with the agent as the proxy', 'curl'),
  tool('curl-proxy-http1.0', 'curl -0 -x, with the agent as the proxy', 'curl'),
  tool('curl-many-headers', 'curl, with a kilobyte of fields', 'curl'),
  tool('curl-range', 'curl, with Range and If-None-Match', 'curl'),
  tool('wget', 'wget', 'wget'),
  tool('wget-no-keepalive', 'wget, without keep-alive', 'wget'),
  tool('wget-post', 'wget, POST', 'wget'),
  tool('perl-http-tiny', 'Perl HTTP::Tiny', 'perl'),
  tool('perl-http-tiny-no-keepalive', 'Perl HTTP::Tiny, without keep-alive', 'perl'),
  tool('lwp', 'Perl LWP', 'lwp'),
  tool('lwp-keepalive', 'Perl LWP, keep_alive', 'lwp'),
  tool('raw', 'bash, a request by hand', 'bash'),
  tool('raw-http1.0', 'bash, a request by hand, HTTP/1.0', 'bash'),
];

const GRPC_ROWS: readonly Row[] = [
  of('grpc', node, 'grpc.mjs')('grpc-js', 'grpc-js', '@grpc/grpc-js'),
  of('grpc', python, 'grpc_clients.py')('grpcio', 'grpcio', 'grpcio'),
  of('grpc', python, 'grpc_clients.py')('grpcio-asyncio', 'grpcio, asyncio', 'grpcio'),
  of('grpc', go, 'clients.go')('grpc-go', 'grpc-go', 'google.golang.org/grpc'),
  of('grpc', rust, 'clients.rs')('tonic', 'tonic', 'tonic'),
];

export const ROWS: readonly Row[] = [...REDIS_ROWS, ...HTTP_ROWS, ...GRPC_ROWS];
