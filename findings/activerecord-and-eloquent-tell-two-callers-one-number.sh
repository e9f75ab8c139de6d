#!/usr/bin/env bash
# ActiveRecord's increment! and Eloquent's increment() count in the database, and tell each caller the old number plus one.
#
# Guess: as the row is counted up by SQL, n = n + 1, the model has the number that the row has after it, or none until it is read again.
# What was seen: the row is right, and the model adds one to what it had read before, without asking: two callers that read 0 are both told 1
#   and the row has 2. Neither raises nor marks the field as stale. Locked first, or read again under the same lock, they are told 1 and 2.
# Seen with ruby-activerecord 6.1.7.10, ruby-mysql2 0.5.3, php-illuminate-database 8.83.26 (all Debian 12), MariaDB 10.11.19, 2026-12-01:
#   ActiveRecord: two callers are told 1 and 1, the row has 2; each with_lock: 3 and 4, the row has 4
#   Eloquent: two callers are told 1 and 1, the row has 2; each with lockForUpdate: 3 and 4, the row has 4
# Why it matters here: it is the short way to a number of one's own, such as the next invoice's, and it gives it to two.
set -uo pipefail
. "$(dirname "$0")/mariadb.sh"
mkdir "$work/both" && cd "$work/both" || exit 2
apt-get download ruby3.1 libruby3.1 ruby-rubygems rubygems-integration ruby-activerecord ruby-activemodel ruby-activesupport ruby-concurrent \
  ruby-i18n ruby-minitest ruby-mysql2 ruby-tzinfo ruby-zeitwerk libmariadb3 libgmp10 libyaml-0-2 >/dev/null 2>&1 &&
apt-get download php8.2-cli php8.2-common php8.2-mysql php8.2-mbstring php-illuminate-database php-illuminate-support php-illuminate-collections \
  php-illuminate-contracts php-illuminate-macroable php-illuminate-container php-nesbot-carbon php-doctrine-inflector php-psr-container \
  php-psr-simple-cache php-voku-portable-ascii php-symfony-translation php-symfony-translation-contracts libargon2-1 libsodium23 libxml2 \
  libicu72 >/dev/null 2>&1 || { echo "cannot get Debian's ActiveRecord and Eloquent (a Debian machine after apt-get update?)" >&2; exit 2; }
for package in *.deb; do dpkg -x "$package" root || exit 2; done
cat >seen.rb <<'RB'
require "logger"
require "active_record"
ActiveRecord::Base.establish_connection(adapter: "mysql2", host: "127.0.0.1", port: ARGV[0].to_i, username: "root", database: "d")
class Ticket < ActiveRecord::Base; end
one, two = Ticket.find(1), Ticket.find(1)
one.increment!(:n)
two.increment!(:n)
print "ActiveRecord: two callers are told #{one.n} and #{two.n}, the row has #{Ticket.find(1).n}; "
[one, two].each { |each| each.with_lock { each.increment!(:n) } }
puts "each with_lock: #{one.n} and #{two.n}, the row has #{Ticket.find(1).n}"
RB
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
$db->bootEloquent();
class Ticket extends Illuminate\Database\Eloquent\Model
{
    public $timestamps = false;
}
[$one, $two] = [Ticket::find(2), Ticket::find(2)];
$one->increment('n');
$two->increment('n');
echo "Eloquent: two callers are told $one->n and $two->n, the row has ", Ticket::find(2)->n, '; ';
$told = [];
foreach ([1, 2] as $caller) {
    $told[] = $db->getConnection()->transaction(function () {
        $locked = Ticket::lockForUpdate()->find(2);
        $locked->increment('n');
        return $locked->n;
    });
}
echo "each with lockForUpdate: $told[0] and $told[1], the row has ", Ticket::find(2)->n, "\n";
PHP
sql -e 'CREATE DATABASE d; CREATE TABLE d.tickets (id INT PRIMARY KEY, n BIGINT NOT NULL); INSERT INTO d.tickets VALUES (1, 0), (2, 0)'
export LD_LIBRARY_PATH=$PWD/root/usr/lib/x86_64-linux-gnu
gems=$PWD/root/usr/share/rubygems-integration/all
ruby() { RUBYLIB=root/usr/lib/ruby/vendor_ruby:root/usr/lib/ruby/3.1.0:$LD_LIBRARY_PATH/ruby/3.1.0:$LD_LIBRARY_PATH/ruby/vendor_ruby/3.1.0 \
  GEM_PATH=$gems:$LD_LIBRARY_PATH/rubygems-integration/3.1.0:$PWD/root/usr/share/rubygems-integration/3.1.0 root/usr/bin/ruby3.1 "$@"; }
php() { root/usr/bin/php8.2 -n -d extension_dir="$PWD/root/usr/lib/php/20220829" \
  -d extension=mysqlnd -d extension=pdo -d extension=pdo_mysql -d extension=mbstring -d extension=ctype "$@"; }
ruby -e 'gem "activerecord"; gem "mysql2"; require "logger"; require "active_record"' && php -r 'exit(extension_loaded("pdo_mysql") ? 0 : 1);' || exit 2
{ ruby seen.rb $port && php seen.php $port; } >seen || { cat seen; exit 1; }
cat seen
diff seen - <<'SEEN' || { echo "behaves otherwise now" >&2; exit 1; }
ActiveRecord: two callers are told 1 and 1, the row has 2; each with_lock: 3 and 4, the row has 4
Eloquent: two callers are told 1 and 1, the row has 2; each with lockForUpdate: 3 and 4, the row has 4
SEEN
