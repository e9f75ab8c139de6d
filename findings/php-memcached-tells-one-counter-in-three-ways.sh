#!/usr/bin/env bash
# php-memcached tells a counter above 2^63 as negative, as 9223372036854775807 or as it is, and calls the step to 2^64-1 a failure.
#
# Guess: a counter of memcached, which has 64 bits without a sign, is a string or a float in PHP from 2^63 on, the same from increment() and get().
# What was seen: increment() gives the negative number of the same bits. get() gives the largest int, for all, if set() stored an int, since the server
#   keeps the type that was stored, and the digits if it stored a string. increment() to 2^64-1 gives false, although the server has counted.
# Seen with php-memcached 3.2.0, PHP 8.2.36, memcached 1.6.18 (all Debian 12), 2026-12-01:
#   set(9223372036854775807), increment twice: -9223372036854775808, -9223372036854775807; get: 9223372036854775807
#   set('9223372036854775807'), increment twice: -9223372036854775808, -9223372036854775807; get: '9223372036854775809'
#   set('18446744073709551614'), increment: false; get: '18446744073709551615'
# Why it matters here: who reads the counter sees one number for ever while others draw from it, and who draws and is told false draws again.
set -uo pipefail
. "$(dirname "$0")/debian.sh"
unpack memcached libevent-2.1-7 php8.2-cli php8.2-common php8.2-igbinary php8.2-msgpack php8.2-memcached libmemcached11 libhashkit2 libargon2-1 \
  libsodium23 libxml2 libicu72
port=$((20000 + RANDOM % 10000))
LD_LIBRARY_PATH=$libraries root/usr/bin/memcached -p $port -U 0 -l 127.0.0.1 -u "$(id -un)" &
running+=($!)
listening $port
cat >seen.php <<'PHP'
<?php
$cache = new Memcached();
$cache->addServer('127.0.0.1', (int) $argv[1]);
foreach ([9223372036854775807, '9223372036854775807'] as $start) {
    $cache->set('n', $start);
    $told = [$cache->increment('n'), $cache->increment('n')];
    $told = str_replace('-9223372036854775807-1', '-9223372036854775808', implode(', ', array_map(fn ($n) => var_export($n, true), $told)));
    echo 'set(', var_export($start, true), "), increment twice: $told; get: ", var_export($cache->get('n'), true), "\n";
}
$cache->set('n', '18446744073709551614');
$told = var_export($cache->increment('n'), true);
echo "set('18446744073709551614'), increment: $told; get: ", var_export($cache->get('n'), true), "\n";
PHP
php() { LD_LIBRARY_PATH=$libraries root/usr/bin/php8.2 -n -d extension_dir="$work/root/usr/lib/php/20220829" -d extension=igbinary \
  -d extension=msgpack -d extension=memcached "$@"; }
php -r 'exit(class_exists("Memcached") ? 0 : 1);' || exit 2
php seen.php $port >seen || { cat seen; exit 1; }
cat seen
diff seen - <<'SEEN' || { echo "behaves otherwise now" >&2; exit 1; }
set(9223372036854775807), increment twice: -9223372036854775808, -9223372036854775807; get: 9223372036854775807
set('9223372036854775807'), increment twice: -9223372036854775808, -9223372036854775807; get: '9223372036854775809'
set('18446744073709551614'), increment: false; get: '18446744073709551615'
SEEN
