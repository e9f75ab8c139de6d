/**
 * Redis clients of Node, tried one by one: `node redis.mjs CLIENT PORT KEY FAR`. Prints what each step gave as one line
 * of JSON. It runs where the clients are installed.
 */
const [name, port, key, far] = process.argv.slice(2);
const at = { host: '127.0.0.1', port: Number(port) };

const ofIoredis = (client) => ({
  incr: () => client.incr(key),
  incrby: (count) => client.incrby(key, count),
  async pair() {
    const answers = await client.multi().incr(key).incr(key).exec();
    return answers.map(([error, value]) => error ?? value);
  },
  far: () => client.incr(far),
  exact: () => client.call('LC.NEXT', far),
  close: () => client.disconnect(),
});

const ofNodeRedis = (client) => ({
  incr: () => client.incr(key),
  incrby: (count) => client.incrBy(key, count),
  pair: () => client.multi().incr(key).incr(key).exec(),
  far: () => client.incr(far),
  exact: () => client.sendCommand(['LC.NEXT', far]),
  close: () => client.destroy?.() ?? client.disconnect(),
});

async function nodeRedis(module, options = {}) {
  const { createClient } = await import(module);
  const client = createClient({ socket: { ...at, reconnectStrategy: false }, ...options });
  client.on('error', () => undefined);
  await client.connect();
  return ofNodeRedis(client);
}

async function glide(cluster) {
  const glides = await import('@valkey/valkey-glide');
  const { GlideClient, GlideClusterClient, Batch, ClusterBatch } = glides.default ?? glides;
  const client = await (cluster ? GlideClusterClient : GlideClient).createClient({ addresses: [at] });
  return {
    incr: () => client.incr(key),
    incrby: (count) => client.incrBy(key, count),
    pair: () => client.exec(new (cluster ? ClusterBatch : Batch)(true).incr(key).incr(key), true),
    far: () => client.incr(far),
    exact: () => client.customCommand(['LC.NEXT', far]),
    close: () => client.close(),
  };
}

async function byCallbacks() {
  const { createClient } = (await import('redis3')).default;
  const client = createClient(at);
  client.on('error', () => undefined);
  const call = (run) =>
    new Promise((resolve, reject) => run((error, value) => (error ? reject(error) : resolve(value))));
  return {
    incr: () => call((done) => client.incr(key, done)),
    incrby: (count) => call((done) => client.incrby(key, count, done)),
    pair: () => call((done) => client.multi().incr(key).incr(key).exec(done)),
    far: () => call((done) => client.incr(far, done)),
    exact: () => call((done) => client.send_command('LC.NEXT', [far], done)),
    close: () => client.end(false),
  };
}

async function tedis() {
  const { Tedis } = (await import('tedis')).default;
  const client = new Tedis(at);
  return {
    incr: () => client.incr(key),
    incrby: (count) => client.incrby(key, count),
    far: () => client.incr(far),
    exact: () => client.command('LC.NEXT', far),
    close: () => client.close(),
  };
}

async function io(module, options = {}) {
  const { default: Redis } = await import(module);
  const client = new Redis({ ...at, retryStrategy: null, ...options });
  client.on('error', () => undefined);
  return ofIoredis(client);
}

async function ioCluster(module) {
  const { Cluster } = await import(module);
  const client = new Cluster([at]);
  client.on('error', () => undefined);
  return ofIoredis(client);
}

async function nodeRedisCluster() {
  const { createCluster } = await import('redis');
  const client = createCluster({ rootNodes: [{ url: `redis://${at.host}:${at.port}` }] });
  client.on('error', () => undefined);
  await client.connect();
  return Object.assign(ofNodeRedis(client), {
    exact: () => client.sendCommand(far, false, ['LC.NEXT', far]),
  });
}

const CLIENTS = {
  ioredis: () => io('ioredis'),
  'ioredis-resp2': () => io('ioredis', { protocol: 2 }),
  'ioredis-text': () => io('ioredis', { stringNumbers: true }),
  'ioredis-cluster': () => ioCluster('ioredis'),
  ioredis5: () => io('ioredis5'),
  'ioredis5-cluster': () => ioCluster('ioredis5'),
  iovalkey: () => io('iovalkey'),
  'iovalkey-cluster': () => ioCluster('iovalkey'),
  'node-redis': () => nodeRedis('redis'),
  'node-redis-cache': () => nodeRedis('redis', { RESP: 3, clientSideCache: { ttl: 0, maxEntries: 0 } }),
  'node-redis-cluster': nodeRedisCluster,
  'node-redis5': () => nodeRedis('redis5'),
  'node-redis4': () => nodeRedis('redis4'),
  'node-redis3': byCallbacks,
  tedis,
  'glide-node': () => glide(false),
  'glide-node-cluster': () => glide(true),
};

async function step(run) {
  try {
    const value = await run();
    if (value instanceof Error) return { error: value.message };
    return { value: Array.isArray(value) ? value.map(String) : String(value) };
  } catch (error) {
    return { error: String(error?.message || error) };
  }
}

const client = await CLIENTS[name]();
const given = { one: [] };
for (let n = 0; n < 3; n++) given.one.push(await step(client.incr));
given.block = await step(() => client.incrby(10));
if (client.pair) given.pair = await step(client.pair);
given.far = await step(client.far);
if (client.exact) given.exact = await step(client.exact);
process.stdout.write(`${JSON.stringify(given)}\n`, () => process.exit());
