import { goKit, javaKit, type Kit, nodeKit, pythonKit, toolKit } from './kits.ts';

export type Door = 'redis' | 'http';

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

const node = nodeKit([
  ...['ioredis@latest', 'ioredis5@npm:ioredis@5', 'iovalkey@latest', 'redis@latest', 'redis5@npm:redis@5'],
  ...['redis4@npm:redis@4', 'redis3@npm:redis@3', 'tedis@latest', '@valkey/valkey-glide@latest'],
  ...['undici@latest', 'axios@latest', 'got@latest', 'node-fetch@latest', 'superagent@latest', 'ky@latest'],
  'needle@latest',
]);
const python = pythonKit([
  ...['redis', 'valkey', 'coredis', 'valkey-glide'],
  ...['requests', 'niquests', 'httpx', 'aiohttp', 'urllib3', 'tornado', 'pycurl'],
]);
const GO_REDIS = 'github.com/redis/go-redis/v9';
const GO_REDIS_8 = 'github.com/go-redis/redis/v8';
const go = goKit([
  ...[GO_REDIS, GO_REDIS_8, 'github.com/gomodule/redigo', 'github.com/mediocregopher/radix/v4'],
  ...['github.com/redis/rueidis', 'github.com/valkey-io/valkey-go'],
  ...['github.com/valyala/fasthttp', 'github.com/go-resty/resty/v2'],
]);
const java = javaKit([
  ...['redis.clients:jedis', 'io.lettuce:lettuce-core', 'org.redisson:redisson'],
  ...['org.apache.httpcomponents:httpclient', 'org.apache.httpcomponents.client5:httpclient5'],
  ...['com.squareup.okhttp3:okhttp-jvm', 'org.springframework:spring-web', 'org.eclipse.jetty:jetty-client'],
]);
const tools = toolKit();

export const KITS: readonly Kit[] = [tools, node, python, java, go];

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
  cli('redis-cli', 'redis-cli (hiredis)', 'redis-cli'),
  cli('redis-cli-resp3', 'redis-cli -3', 'redis-cli'),
];

const HTTP_ROWS: readonly Row[] = [
  nodeHttp('fetch', 'fetch', 'node'),
  nodeHttp('http-keepalive', 'node:http, keep-alive', 'node'),
  nodeHttp('http-no-keepalive', 'node:http, without keep-alive', 'node'),
  nodeHttp('undici', 'undici', 'undici'),
  nodeHttp(
    'axios',
    'axios',
    'axios',
    'gets JSON, because it asks for that first; it makes a number of a bare one',
  ),
  nodeHttp('got', 'got', 'got'),
  nodeHttp('node-fetch', 'node-fetch', 'node-fetch'),
  nodeHttp('ky', 'ky', 'ky'),
  nodeHttp('superagent', 'superagent', 'superagent'),
  nodeHttp('needle', 'needle', 'needle'),
  pythonHttp('requests', 'requests', 'requests'),
  pythonHttp('requests-session', 'requests, Session', 'requests'),
  pythonHttp('niquests', 'niquests', 'niquests'),
  pythonHttp('httpx', 'httpx', 'httpx'),
  pythonHttp('httpx-async', 'httpx, async', 'httpx'),
  pythonHttp('aiohttp', 'aiohttp', 'aiohttp'),
  pythonHttp('urllib3', 'urllib3', 'urllib3'),
  pythonHttp('urllib', 'urllib.request', 'python'),
  pythonHttp('http-client', 'http.client', 'python'),
  pythonHttp('tornado', 'tornado', 'tornado'),
  pythonHttp('pycurl', 'pycurl', 'pycurl'),
  goHttp('net-http', 'net/http', 'go'),
  goHttp('net-http-no-keepalive', 'net/http, without keep-alive', 'go'),
  goHttp('net-http-no-compression', 'net/http, without compression', 'go'),
  goHttp('fasthttp', 'fasthttp', 'github.com/valyala/fasthttp'),
  goHttp('resty', 'resty', 'github.com/go-resty/resty/v2'),
  javaHttp('jdk', 'java.net.http.HttpClient', 'java'),
  javaHttp('jdk-http1', 'java.net.http.HttpClient, HTTP/1.1', 'java'),
  javaHttp('url-connection', 'HttpURLConnection', 'java'),
  javaHttp('apache4', 'Apache HttpClient 4', 'httpclient'),
  javaHttp('apache5', 'Apache HttpClient 5', 'httpclient5'),
  javaHttp('okhttp', 'OkHttp', 'okhttp-jvm'),
  javaHttp('rest-template', 'Spring RestTemplate', 'spring-web'),
  javaHttp('rest-client', 'Spring RestClient', 'spring-web'),
  javaHttp('rest-client-jdk', 'Spring RestClient on the JDK’s client', 'spring-web'),
  javaHttp('jetty', 'Jetty client', 'jetty-client'),
  tool('curl', 'curl', 'curl'),
  tool('curl-http1.0', 'curl -0', 'curl'),
  tool('curl-http2', 'curl --http2', 'curl'),
  tool('curl-compressed', 'curl --compressed', 'curl'),
  tool('wget', 'wget', 'wget'),
  tool('perl-http-tiny', 'Perl HTTP::Tiny', 'perl'),
];

export const ROWS: readonly Row[] = [...REDIS_ROWS, ...HTTP_ROWS];
