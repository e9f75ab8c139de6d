#!/usr/bin/env bash
# undici's deduplicate interceptor hands one answer to all who ask at once, also when the answer says `no-store`.
#
# Guess: as in every HTTP cache that collapses requests (Varnish, nginx, axios-cache-interceptor), those who wait share an answer that
#   may be stored, and ask for themselves when it may not.
# What was seen: nobody looks at the answer's headers. Three callers get one ID, which was marked as not to be kept for anybody.
# Seen with undici 7.30.2, axios-cache-interceptor 1.12.3 on axios 1.21.1, Node 20.20 and 26.10, 2026-11-30:
#   undici, deduplicate: 1 1 1
#   undici, cache: 1 2 3
#   axios-cache-interceptor: 1 2 3
# Why it matters here: an interceptor that a team puts before all of its services turns unique IDs into shared ones, and only under load.
#   The other two leave an answer alone that says no-store, as the doors do.
set -uo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 2
npm install --silent --no-audit --no-fund --ignore-scripts undici@7.30.2 axios@1.21.1 axios-cache-interceptor@1.12.3 >/dev/null 2>&1 || exit 2
cat >try.mjs <<'JS'
import { createServer } from 'node:http';
import axios from 'axios';
import { setupCache } from 'axios-cache-interceptor';
import { Agent, interceptors, request } from 'undici';

let last = 0;
const server = createServer((_, answer) => {
  const id = String(++last);
  setTimeout(() => answer.writeHead(200, { 'Cache-Control': 'no-store', 'Content-Type': 'text/plain' }).end(id), 300);
});
await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
const url = `http://127.0.0.1:${server.address().port}/v1/ids/order`;
async function three(name, get) {
  last = 0;
  const ids = await Promise.all([get(), get(), get()]);
  console.log(`${name}: ${ids.map(String).sort().join(' ')}`);
}
for (const name of ['deduplicate', 'cache']) {
  const dispatcher = new Agent().compose(interceptors[name]());
  await three(`undici, ${name}`, async () => (await request(url, { dispatcher })).body.text());
}
const cached = setupCache(axios.create());
await three('axios-cache-interceptor', async () => (await cached.get(url)).data);
process.exit();
JS
node try.mjs 2>/dev/null | tee seen
[ "$(cat seen)" = "$(printf '%s\n' 'undici, deduplicate: 1 1 1' 'undici, cache: 1 2 3' 'axios-cache-interceptor: 1 2 3')" ] ||
  { echo "behaves otherwise now" >&2; exit 1; }
