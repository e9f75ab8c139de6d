#!/usr/bin/env bash
# The npm package sonyflake repeats IDs in a plain loop, on one machine with a good clock.
#
# Guess: as in the Go original, more than 256 IDs within 10 ms wait for the next 10 ms, so 20,000 in a loop all differ.
# What was seen: the sequence starts again at 0 within the same 10 ms, and nobody waits. Nothing is raised.
# Seen with sonyflake 1.1.2, Node 20.20 and 26.10, 2026-11-30 (the number depends on the machine's speed):
#   20000 drawn, 10765 different
# Why it matters here: who comes from it has repeated IDs in the table already, and must not count on a unique index.
set -uo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
npm install --silent --no-audit --no-fund --ignore-scripts sonyflake@1.1.2 >/dev/null 2>&1 || exit 2
cat >try.cjs <<'JS'
const { Sonyflake } = require('sonyflake');
const generator = new Sonyflake({ machineId: 2, epoch: Date.UTC(2020, 4, 18) });
const drawn = Array.from({ length: 20_000 }, () => generator.nextId());
const different = new Set(drawn).size;
console.log(`${drawn.length} drawn, ${different} different`);
process.exitCode = different < drawn.length ? 0 : 1;
JS
node try.cjs || { echo "behaves otherwise now" >&2; exit 1; }
