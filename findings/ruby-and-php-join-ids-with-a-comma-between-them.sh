#!/usr/bin/env bash
# Ruby's YAML and PHP's yaml extension read `1,2` as the number 12: two IDs that others write without quotes become one.
#
# Guess: 1,2 is a string for everybody, since YAML 1.1 has underscores in numbers and YAML 1.2 has nothing.
# What was seen: both drop commas as they drop underscores, wherever they stand, not between groups of three alone.
#   PyYAML and both packages of npm write the string 1,2 without quotes, as for them it is nothing else.
# Seen with Ruby 3.1.2 (Psych 4.0.3), php-yaml 2.2.2, PHP 8.2.36 (all Debian 12); PyYAML 6.0.2, Python 3.11; yaml 2.9.1, js-yaml 5.5.0, 2026-12-01:
#   PyYAML writes: workers: 1,2
#   yaml writes: workers: 1,2
#   js-yaml writes: workers: 1,2
#   Ruby: 1,2 is 12; 7,12,3 is 7123; 1,000 is 1000; 1,2,x is "1,2,x"
#   PHP: 1,2 is 12; 7,12,3 is 7123; 1,000 is 1000; 1,2,x is "1,2,x"
# Why it matters here: a node that may use workers 1 and 2 uses 12, which is somebody else's.
set -uo pipefail
. "$(dirname "$0")/debian.sh"
unpack ruby3.1 libruby3.1 ruby-rubygems rubygems-integration php8.2-cli php8.2-common php8.2-yaml libyaml-0-2 libargon2-1 libsodium23 libxml2 \
  libicu72 libgmp10
npm install --silent --no-audit --no-fund --ignore-scripts js-yaml@5.5.0 yaml@2.9.1 >/dev/null 2>&1 || exit 2
python3 -m venv venv >/dev/null 2>&1 && venv/bin/pip install -q PyYAML==6.0.2 >/dev/null 2>&1 || exit 2
ruby() { LD_LIBRARY_PATH=$libraries RUBYLIB=root/usr/lib/ruby/vendor_ruby:root/usr/lib/ruby/3.1.0:$libraries/ruby/3.1.0 root/usr/bin/ruby3.1 "$@"; }
php() { LD_LIBRARY_PATH=$libraries root/usr/bin/php8.2 -n -d extension_dir="$work/root/usr/lib/php/20220829" -d extension=yaml "$@"; }
ruby -e 'require "yaml"' && php -r 'exit(extension_loaded("yaml") ? 0 : 1);' || exit 2
{
  venv/bin/python -c 'import yaml; print("PyYAML writes:", yaml.safe_dump({"workers": "1,2"}), end="")'
  node -e 'process.stdout.write("yaml writes: " + require("yaml").stringify({ workers: "1,2" }))'
  node --input-type=module -e 'import { dump } from "js-yaml"; process.stdout.write("js-yaml writes: " + dump({ workers: "1,2" }))'
  ruby -ryaml -rjson -e 'puts "Ruby: " + ARGV.map { |s| "#{s} is #{YAML.load("a: #{s}")["a"].to_json}" }.join("; ")' 1,2 7,12,3 1,000 1,2,x
  php -r 'echo "PHP: ", implode("; ", array_map(fn ($s) => "$s is " . json_encode(yaml_parse("a: $s")["a"]), array_slice($argv, 1))), "\n";' \
    1,2 7,12,3 1,000 1,2,x
} >seen
cat seen
diff seen - <<'SEEN' || { echo "behaves otherwise now" >&2; exit 1; }
PyYAML writes: workers: 1,2
yaml writes: workers: 1,2
js-yaml writes: workers: 1,2
Ruby: 1,2 is 12; 7,12,3 is 7123; 1,000 is 1000; 1,2,x is "1,2,x"
PHP: 1,2 is 12; 7,12,3 is 7123; 1,000 is 1000; 1,2,x is "1,2,x"
SEEN
