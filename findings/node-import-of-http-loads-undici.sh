#!/usr/bin/env bash
# `import 'node:http'` takes 10 MB more memory than `require('node:http')`.
#
# Guess: both load the same module, so they cost the same.
# What was seen: an import makes a namespace of all exports and so reads each. Reading `http.WebSocket` loads the undici that
# Node holds for `fetch`.
# Seen with Node 24.21.0 and 26.10.0, 2026-11-30:
#   required: 47 MB, 47 MB
#   imported: 58 MB, 60 MB
# Why it matters here: a sidecar that never calls `fetch` paid for a second HTTP client.
set -uo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 2
cat >resident.cjs <<'JS'
const { readFileSync } = require('node:fs');
module.exports = () => Number(/VmRSS:\s+(\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))[1]) / 1024;
JS
cat >required.mjs <<'JS'
import { createRequire } from 'node:module';
const require = createRequire(import.meta.url);
require('node:http');
console.log(Math.round(require('./resident.cjs')()));
JS
cat >imported.mjs <<'JS'
import { createRequire } from 'node:module';
import 'node:http';
console.log(Math.round(createRequire(import.meta.url)('./resident.cjs')()));
JS
[ -r /proc/self/status ] || exit 2
[ "$(node -p 'parseInt(process.versions.node)')" -ge 24 ] || { echo 'needs Node 24 or later: http.WebSocket came after 20' >&2; exit 2; }
required=$(node required.mjs)
imported=$(node imported.mjs)
printf 'required: %s MB\nimported: %s MB\n' "$required" "$imported"
[ "$imported" -ge $((required + 5)) ]
