#!/usr/bin/env bash
# Jest ignores `testTimeout` in a project's configuration, without a word.
#
# Guess: `projects: [{ testTimeout: 300 }]` holds for that project's tests and hooks, or is refused as an unknown option.
# What was seen: neither. A hook and a test of 1,000 ms pass. `jest.setTimeout` in a file of `setupFilesAfterEnv` holds for both.
# Seen with jest 30.5.2 on Node 20.20.2, 2026-11-29:
#   by the project: 0 failed
#   by a setup file: 1 failed
# Why it matters here: a suite that believes in its project's patience runs with Jest's five seconds.
set -uo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 2
npm init -y >/dev/null 2>&1 && npm install --silent --no-audit --no-fund jest@30.5.2 >/dev/null 2>&1 || exit 2
cat >slow.test.js <<'JS'
test('takes a second', () => new Promise((resolve) => setTimeout(resolve, 1_000)));
JS
echo 'jest.setTimeout(300);' >setup.js
echo 'module.exports = { projects: [{ displayName: "p", testTimeout: 300 }] };' >by-project.js
echo 'module.exports = { projects: [{ displayName: "p", setupFilesAfterEnv: ["<rootDir>/setup.js"] }] };' >by-setup.js
failed() { npx jest --config "$1" --json 2>/dev/null | node -e 'let s="";process.stdin.on("data",(d)=>{s+=d}).on("end",()=>console.log(JSON.parse(s).numFailedTests))'; }
project=$(failed by-project.js)
setup=$(failed by-setup.js)
printf 'by the project: %s failed\nby a setup file: %s failed\n' "$project" "$setup"
[ "$project" = 0 ] && [ "$setup" = 1 ]
