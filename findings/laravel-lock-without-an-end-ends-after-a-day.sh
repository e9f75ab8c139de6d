#!/usr/bin/env bash
# Laravel's lock without an end ends after a day when it is kept in a database, and any lock there goes by the clock of who asks.
#
# Guess: lock('name') is held until it is released, in each store; a lock in a database expires by the clock of the database.
# What was seen: Redis keeps it for ever. The database store writes "in one day" in place of no end, and compares with its own time(): a host whose
#   clock is ahead takes locks that others hold, and one whose clock is behind holds its own for longer than it asked.
# Seen with php-illuminate-cache 8.83.26, php-illuminate-redis 8.83.26, PHP 8.2.36, phpredis 5.3.7, libfaketime 0.9.10 (all Debian 12), MariaDB
#   10.11.19, redis-server 7.0.15, 2026-12-01; another process holds each lock:
#   asked at once: database false, Redis false
#   asked after 25 hours, no end: database true, Redis false
#   asked with a clock 11 minutes ahead, lock of 10 minutes: database true, Redis false
# Why it matters here: the process that took worker number 7 and runs for two days shares it from the second on, and both go on with it.
set -uo pipefail
. "$(dirname "$0")/mariadb.sh"
command -v redis-server >/dev/null || { echo "needs Debian's redis-server" >&2; exit 2; }
mkdir "$work/php" && cd "$work/php" || exit 2
apt-get download php8.2-cli php8.2-common php8.2-mysql php8.2-mbstring php8.2-igbinary php8.2-redis php-illuminate-database php-illuminate-support \
  php-illuminate-collections php-illuminate-contracts php-illuminate-macroable php-illuminate-container php-illuminate-cache php-illuminate-redis \
  php-nesbot-carbon php-doctrine-inflector php-psr-container php-psr-simple-cache php-voku-portable-ascii php-symfony-translation \
  php-symfony-translation-contracts libfaketime libargon2-1 libsodium23 libxml2 libicu72 >/dev/null 2>&1 || {
  echo "cannot get Debian's PHP and Illuminate (a Debian machine after apt-get update?)" >&2
  exit 2
}
for package in *.deb; do dpkg -x "$package" root || exit 2; done
cat >seen.php <<'PHP'
<?php
error_reporting(E_ALL & ~E_DEPRECATED);
set_include_path(__DIR__ . '/root/usr/share/php');
spl_autoload_register(function (string $class) {
    $file = str_replace('\\', '/', $class) . '.php';
    foreach (['Support', 'Collections', 'Macroable'] as $part) {
        if (stream_resolve_include_path($found = str_replace('Illuminate/Support/', "Illuminate/$part/", $file))) {
            require_once $found;
            return;
        }
    }
});
require 'Illuminate/Support/helpers.php';
require 'Illuminate/Collections/helpers.php';
$db = new Illuminate\Database\Capsule\Manager();
$db->addConnection(['driver' => 'mysql', 'host' => '127.0.0.1', 'port' => $argv[1], 'database' => 'd', 'username' => 'root', 'password' => '',
    'charset' => 'utf8mb4']);
$redis = new Illuminate\Redis\RedisManager(null, 'phpredis', ['default' => ['host' => '127.0.0.1', 'port' => $argv[2]]]);
$stores = ['database' => new Illuminate\Cache\DatabaseStore($db->getConnection(), 'cache'), 'Redis' => new Illuminate\Cache\RedisStore($redis)];
$told = [];
foreach ($stores as $name => $store) {
    $told[] = "$name " . json_encode($store->lock($argv[3], (int) $argv[4])->acquire());
}
echo implode(', ', $told), "\n";
PHP
redis=$((port % 9000 + 40000))
redis-server --port $redis --bind 127.0.0.1 --save '' --dir "$work" >/dev/null &
redis_server=$!
trap 'kill $redis_server 2>/dev/null; finish' EXIT
sql -e 'CREATE DATABASE d; CREATE TABLE d.cache_locks (`key` VARCHAR(99) PRIMARY KEY, owner VARCHAR(99), expiration INT)'
libraries=$PWD/root/usr/lib/x86_64-linux-gnu
php() { env LD_LIBRARY_PATH="$libraries" "$@" root/usr/bin/php8.2 -n -d extension_dir="$PWD/root/usr/lib/php/20220829" -d extension=mysqlnd \
  -d extension=pdo -d extension=pdo_mysql -d extension=mbstring -d extension=ctype -d extension=igbinary -d extension=redis seen.php $port $redis $lock; }
lock='no-end 0'
[ "$(php PHP=)" = 'database true, Redis true' ] || exit 2
lock='ten-minutes 600'
[ "$(php PHP=)" = 'database true, Redis true' ] || exit 2
ahead() { php LD_PRELOAD="$libraries/faketime/libfaketime.so.1" FAKETIME="$1" FAKETIME_DONT_FAKE_MONOTONIC=1; }
{
  echo "asked at once: $(php PHP=)"
  lock='no-end 0'
  echo "asked after 25 hours, no end: $(ahead +25h)"
  lock='ten-minutes 600'
  echo "asked with a clock 11 minutes ahead, lock of 10 minutes: $(ahead +11m)"
} >seen
cat seen
diff seen - <<'SEEN' || { echo "behaves otherwise now" >&2; exit 1; }
asked at once: database false, Redis false
asked after 25 hours, no end: database true, Redis false
asked with a clock 11 minutes ahead, lock of 10 minutes: database true, Redis false
SEEN
