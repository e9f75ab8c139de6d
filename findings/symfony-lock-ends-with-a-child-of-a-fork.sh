#!/usr/bin/env bash
# Symfony's lock is released when a forked child ends that never touched it, in files and in Redis; the parent goes on without it.
#
# Guess: a lock that is released by itself is released by the process that took it, as a child neither took it nor asks for it.
# What was seen: the child has a copy of the Lock, whose destructor releases it with the parent's token, or unlocks the file that both have open. The
#   parent isn't told, and another process takes the lock at once. isAcquired() says so with Redis, and with a file it is still true. With
#   autoRelease false the lock stays.
# Seen with php-symfony-lock 5.4.53, PHP 8.2.36, phpredis 5.3.7, redis-server 7.0.15 (all Debian 12), 2026-12-01:
#   FlockStore: parent has it, another process false; after a child ended: parent has it, another process true
#   FlockStore, autoRelease false: parent has it, another process false; after a child ended: parent has it, another process false
#   RedisStore: parent has it, another process false; after a child ended: parent has it not, another process true
#   RedisStore, autoRelease false: parent has it, another process false; after a child ended: parent has it, another process false
# Why it matters here: a server in PHP that takes its worker number and then forks workers has lost the number with the first that ends.
set -uo pipefail
. "$(dirname "$0")/debian.sh"
command -v redis-server >/dev/null || { echo "needs Debian's redis-server" >&2; exit 2; }
unpack php8.2-cli php8.2-common php8.2-igbinary php8.2-redis php-symfony-lock php-psr-log libargon2-1 libsodium23 libxml2 libicu72
port=$((20000 + RANDOM % 10000))
redis-server --port $port --bind 127.0.0.1 --save '' --dir "$work" >/dev/null &
running+=($!)
listening $port
mkdir locks
cat >seen.php <<'PHP'
<?php
spl_autoload_register(function (string $class) {
    $file = __DIR__ . '/root/usr/share/php/' . str_replace('\\', '/', $class) . '.php';
    is_file($file) && require_once $file;
});
[, $port, $name, $lasting, $asks] = $argv + [4 => null];
$connect = function () use ($port) {
    $redis = new Redis();
    $redis->connect('127.0.0.1', (int) $port);
    return $redis;
};
$store = $name === 'FlockStore' ? new Symfony\Component\Lock\Store\FlockStore(__DIR__ . '/locks') : new Symfony\Component\Lock\Store\RedisStore($connect());
$lock = (new Symfony\Component\Lock\LockFactory($store))->createLock('worker-7', 300, !$lasting);
if ($asks) {
    echo json_encode($lock->acquire());
    exit;
}
$tell = fn () => 'another process ' . shell_exec(getenv('ASK') . " $name '' asks");
$lock->acquire();
echo $name, $lasting ? ', autoRelease false' : '', ': parent ', $lock->isAcquired() ? 'has it, ' : 'has it not, ', $tell();
$child = pcntl_fork();
if ($child === 0) {
    exit;
}
pcntl_waitpid($child, $status);
echo '; after a child ended: parent ', $lock->isAcquired() ? 'has it, ' : 'has it not, ', $tell(), "\n";
$lock->release();
PHP
run="env LD_LIBRARY_PATH=$libraries $work/root/usr/bin/php8.2 -n -d extension_dir=$work/root/usr/lib/php/20220829 -d extension=igbinary -d extension=redis"
export ASK="$run $work/seen.php $port"
$run -r 'exit(class_exists("Redis") && function_exists("pcntl_fork") ? 0 : 1);' || exit 2
for store in FlockStore RedisStore; do
  for lasting in '' lasting; do $run seen.php $port $store "$lasting" || exit 1; done
done >seen
cat seen
diff seen - <<'SEEN' || { echo "behaves otherwise now" >&2; exit 1; }
FlockStore: parent has it, another process false; after a child ended: parent has it, another process true
FlockStore, autoRelease false: parent has it, another process false; after a child ended: parent has it, another process false
RedisStore: parent has it, another process false; after a child ended: parent has it not, another process true
RedisStore, autoRelease false: parent has it, another process false; after a child ended: parent has it, another process false
SEEN
