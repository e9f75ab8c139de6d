#!/usr/bin/env bash
# phpredis takes ['nx' => true, 'ex' => 5] for ['ex' => 5]: the lock goes to everybody who asks, and each is told true.
#
# Guess: options that set() of phpredis does not know are refused, and nx with a true value means nx, as ex with a value means ex.
# What was seen: options with a value are looked up among ex and px alone, and those without one among nx, xx, keepttl and the like. All
#   others are dropped without a word: 'nx' => true overwrites the other's lock, and 'exat' or a bare 'ex' leaves a lock that never ends.
# Seen with PHP 8.2.36, phpredis 5.3.7, redis-server 7.0.15 (all Debian 12), 2026-12-01; a key that is free, asked for twice:
#   nx, ex => 5: true, false; holder first; lasts 5 s
#   nx => true, ex => 5: true, true; holder second; lasts 5 s
#   NX => 1, PX => 5000: true, true; holder second; lasts 5 s
#   nx, exat => in 5 s: true, false; holder first; lasts for ever
#   nx, ex, 5: true, false; holder first; lasts for ever
# Why it matters here: a worker number claimed so belongs to all, and their IDs repeat; or it is lost for good with the first process that dies.
set -uo pipefail
. "$(dirname "$0")/debian.sh"
command -v redis-server >/dev/null || { echo "needs Debian's redis-server" >&2; exit 2; }
unpack php8.2-cli php8.2-common php8.2-igbinary php8.2-redis libargon2-1 libsodium23 libxml2 libicu72
port=$((20000 + RANDOM % 10000))
redis-server --port $port --bind 127.0.0.1 --save '' --dir "$work" >/dev/null &
running+=($!)
listening $port
cat >seen.php <<'PHP'
<?php
$redis = new Redis();
$redis->connect('127.0.0.1', (int) $argv[1]);
foreach ([
    'nx, ex => 5' => ['nx', 'ex' => 5],
    'nx => true, ex => 5' => ['nx' => true, 'ex' => 5],
    'NX => 1, PX => 5000' => ['NX' => 1, 'PX' => 5000],
    'nx, exat => in 5 s' => ['nx', 'exat' => time() + 5],
    'nx, ex, 5' => ['nx', 'ex', 5],
] as $what => $options) {
    $redis->del('worker:7');
    $told = [$redis->set('worker:7', 'first', $options), $redis->set('worker:7', 'second', $options)];
    $left = $redis->pttl('worker:7');
    $lasts = $left < 0 ? 'for ever' : round($left / 1000) . ' s';
    echo $what, ': ', implode(', ', array_map('json_encode', $told)), '; holder ', $redis->get('worker:7'), "; lasts $lasts\n";
}
PHP
extensions=(-n -d extension_dir="$work/root/usr/lib/php/20220829" -d extension=igbinary -d extension=redis)
LD_LIBRARY_PATH=$libraries root/usr/bin/php8.2 "${extensions[@]}" -r 'exit(class_exists("Redis") ? 0 : 1);' || exit 2
LD_LIBRARY_PATH=$libraries root/usr/bin/php8.2 "${extensions[@]}" seen.php $port >seen || exit 1
cat seen
diff seen - <<'SEEN' || { echo "behaves otherwise now" >&2; exit 1; }
nx, ex => 5: true, false; holder first; lasts 5 s
nx => true, ex => 5: true, true; holder second; lasts 5 s
NX => 1, PX => 5000: true, true; holder second; lasts 5 s
nx, exat => in 5 s: true, false; holder first; lasts for ever
nx, ex, 5: true, false; holder first; lasts for ever
SEEN
