#!/bin/sh
# A program that makes one request a time: http-tool.sh CLIENT URL KEY. Prints one line of JSON.
name=$1 base=$2 key=$3
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
ask() {
  path=$1 accept=$2
  case $name in
    curl*)
      case $name in
        curl-http1.0) set -- -0 ;;
        curl-http2) set -- --http2 ;;
        curl-compressed) set -- --compressed ;;
        *) set -- ;;
      esac
      [ -n "$accept" ] && set -- "$@" -H "Accept: $accept"
      told=$(curl -s --max-time 10 -o "$tmp/body" -w '%{http_code} %{content_type}' "$@" "$base$path")
      status=${told%% *} type=${told#* } ;;
    wget)
      set --
      [ -n "$accept" ] && set -- --header "Accept: $accept"
      wget -q -S -T 10 --content-on-error -O "$tmp/body" "$@" "$base$path" 2> "$tmp/head"
      status=$(sed -n 's/^ *HTTP\/[0-9.]* \([0-9]*\).*/\1/p' "$tmp/head" | tail -1)
      type=$(sed -n 's/^ *[Cc]ontent-[Tt]ype: *//p' "$tmp/head" | tail -1) ;;
    perl-http-tiny)
      perl -MHTTP::Tiny -e '
        my ($url, $accept) = @ARGV;
        my $got = HTTP::Tiny->new(timeout => 10)->get($url, $accept ? { headers => { Accept => $accept } } : {});
        print "$got->{status}\n", ($got->{headers}{"content-type"} // ""), "\n", $got->{content};
      ' "$base$path" "$accept" > "$tmp/all"
      status=$(sed -n 1p "$tmp/all") type=$(sed -n 2p "$tmp/all")
      sed 1,2d "$tmp/all" > "$tmp/body" ;;
  esac
  body=$(tr '\n' '~' < "$tmp/body" | sed 's/\\/\\\\/g; s/~$//; s/~/\\n/g; s/"/\\"/g')
  printf '{"status":%s,"type":"%s","body":"%s"}' "${status:-0}" "$type" "$body"
}
id=/v1/ids/$key
one="[$(ask "$id"),$(ask "$id"),$(ask "$id")]"
json=$(ask "$id" application/json)
batch=$(ask "$id?count=3")
printf '{"one":%s,"json":%s,"batch":%s,"leaf":%s,"missing":%s}\n' \
  "$one" "$json" "$batch" "$(ask "/api/segment/get/$key")" "$(ask '/v1/ids/no%20such')"
