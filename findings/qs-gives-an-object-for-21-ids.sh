#!/usr/bin/env bash
# qs gives an array for up to 20 IDs in a query and an object for 21, whether they are written id=…&id=…, id[]=… or with commas.
#
# Guess: arrayLimit, 20 by default, bounds the indexes of id[9]=…, so that id[100000000]=… makes no huge array. IDs without an index make
#   an array as long as the query.
# What was seen: the limit holds for all of them. The 21st turns the array into { 0: …, 1: … }, so Array.isArray() is false, `.map` is
#   undefined and `.length`, too. parameterLimit, which bounds the whole, is 1000.
# Seen with qs 6.17.1, 6.13.0, Node 20.20, 2026-12-01, for 19, 20, 21 and 1001 IDs:
#   6.17.1 id=…&id=…: array array object object
#   6.17.1 id[]=…: array array object object
#   6.17.1 id=…,…: array array object object
#   6.13.0 id=…&id=…: array array array array
#   6.13.0 id[]=…: array array array array
#   6.13.0 id=…,…: array array array array
# Why it matters here: "get these IDs" works in each test with a few and fails with 21, after an update within the same major version.
#   Express 4 and many others read queries with qs.
set -uo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 2
npm init -y >/dev/null 2>&1
npm install --silent --no-audit --no-fund --ignore-scripts qs@6.17.1 older@npm:qs@6.13.0 >/dev/null 2>&1 || exit 2
cat >try.cjs <<'JS'
const forms = {
  'id=…&id=…': (ids) => ids.map((id) => `id=${id}`).join('&'),
  'id[]=…': (ids) => ids.map((id) => `id[]=${id}`).join('&'),
  'id=…,…': (ids) => `id=${ids.join(',')}`,
};
for (const name of ['qs', 'older']) {
  const { version } = require(`${name}/package.json`);
  for (const [form, written] of Object.entries(forms)) {
    const kinds = [19, 20, 21, 1001].map((count) => {
      const ids = Array.from({ length: count }, (_, index) => String(7123458781010227201n + BigInt(index)));
      const { id } = require(name).parse(written(ids), { comma: form.endsWith(',…') });
      return Array.isArray(id) ? 'array' : typeof id;
    });
    console.log(`${version} ${form}: ${kinds.join(' ')}`);
  }
}
JS
node try.cjs >seen 2>err || { cat err >&2; exit 1; }
cat seen
diff seen - <<'SEEN'
6.17.1 id=…&id=…: array array object object
6.17.1 id[]=…: array array object object
6.17.1 id=…,…: array array object object
6.13.0 id=…&id=…: array array array array
6.13.0 id[]=…: array array array array
6.13.0 id=…,…: array array array array
SEEN
