#!/bin/bash
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
        curl-http1.0-keepalive) set -- -0 -H 'Connection: keep-alive' ;;
        curl-http2) set -- --http2 ;;
        curl-compressed) set -- --compressed ;;
        curl-close) set -- -H 'Connection: close' ;;
        curl-post) set -- -d a=b ;;
        curl-post-empty) set -- -X POST -d '' ;;
        curl-expect) set -- -d a=b -H 'Expect: 100-continue' ;;
        curl-chunked-get) set -- -X GET -H 'Transfer-Encoding: chunked' -H 'Content-Type: text/plain' -d a=b ;;
        curl-proxy) set -- -x "$base" ;;
        curl-proxy-http1.0) set -- -0 -x "$base" ;;
        curl-many-headers) set -- -H "Cookie: $(printf 'x=%0900d' 0)" -H 'X-Request-Id: a-1' -H 'Forwarded: for=192.0.2.1' ;;
        curl-range) set -- -H 'Range: bytes=0-0' -H 'If-None-Match: *' ;;
        *) set -- ;;
      esac
      [ -n "$accept" ] && set -- "$@" -H "Accept: $accept"
      told=$(curl -s --max-time 10 -o "$tmp/body" -w '%{http_code} %{content_type}' "$@" "$base$path")
      status=${told%% *} type=${told#* } ;;
    wget*)
      case $name in
        wget-no-keepalive) set -- --no-http-keep-alive ;;
        wget-post) set -- --post-data a=b ;;
        *) set -- ;;
      esac
      [ -n "$accept" ] && set -- "$@" --header "Accept: $accept"
      wget -q -S -T 10 --content-on-error -O "$tmp/body" "$@" "$base$path" 2> "$tmp/head"
      status=$(sed -n 's/^ *HTTP\/[0-9.]* \([0-9]*\).*/\1/p' "$tmp/head" | tail -1)
      type=$(sed -n 's/^ *[Cc]ontent-[Tt]ype: *//p' "$tmp/head" | tail -1) ;;
    perl-http-tiny*)
      perl -MHTTP::Tiny -e '
        my ($url, $accept, $name) = @ARGV;
        my $got = HTTP::Tiny->new(timeout => 10, keep_alive => $name !~ /no-keepalive/)->get($url, $accept ? { headers => { Accept => $accept } } : {});
        print "$got->{status}\n", ($got->{headers}{"content-type"} // ""), "\n", $got->{content};
      ' "$base$path" "$accept" "$name" > "$tmp/all"
      status=$(sed -n 1p "$tmp/all") type=$(sed -n 2p "$tmp/all")
      sed 1,2d "$tmp/all" > "$tmp/body" ;;
    lwp*)
      perl -MLWP::UserAgent -e '
        my ($url, $accept, $name) = @ARGV;
        my $agent = LWP::UserAgent->new(timeout => 10, keep_alive => $name eq "lwp-keepalive" ? 1 : 0);
        my $got = $agent->get($url, $accept ? (Accept => $accept) : ());
        print $got->code, "\n", ($got->header("Content-Type") // ""), "\n", $got->content;
      ' "$base$path" "$accept" "$name" > "$tmp/all"
      status=$(sed -n 1p "$tmp/all") type=$(sed -n 2p "$tmp/all")
      sed 1,2d "$tmp/all" > "$tmp/body" ;;
    raw*)
      # A program that writes its request by hand.
      host=${base#http://}
      exec 3<> "/dev/tcp/${host%:*}/${host#*:}"
      version=1.1
      [ "$name" = raw-http1.0 ] && version=1.0
      {
        printf 'GET %s HTTP/%s\r\nHost: %s\r\nConnection: close\r\n' "$path" "$version" "$host"
        [ -n "$accept" ] && printf 'Accept: %s\r\n' "$accept"
        printf '\r\n'
      } >&3
      tr -d '\r' <&3 > "$tmp/all"
      exec 3>&-
      status=$(sed -n '1s/^HTTP[^ ]* \([0-9]*\).*/\1/p' "$tmp/all")
      type=$(sed -n 's/^[Cc]ontent-[Tt]ype: *//p' "$tmp/all" | head -1)
      sed '1,/^$/d' "$tmp/all" > "$tmp/body" ;;
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
