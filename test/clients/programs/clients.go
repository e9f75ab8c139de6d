// Clients of Go, tried one by one: clients CLIENT PORT KEY FAR, or clients CLIENT URL KEY, or clients grpc-go ADDRESS KEY.
// Prints one line of JSON.
package main

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"strconv"
	"strings"
	"time"

	redis8 "github.com/go-redis/redis/v8"
	"github.com/go-resty/resty/v2"
	"github.com/gomodule/redigo/redis"
	"github.com/mediocregopher/radix/v4"
	goredis "github.com/redis/go-redis/v9"
	"github.com/redis/rueidis"
	"github.com/valkey-io/valkey-go"
	"github.com/valyala/fasthttp"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
)

type step func() (any, error)

type client struct{ incr, incrby, pair, far, exact step }

var ctx, _ = context.WithTimeout(context.Background(), 20*time.Second)

func ofGoRedis(c goredis.UniversalClient, key, far string) client {
	return client{
		incr:   func() (any, error) { return c.Incr(ctx, key).Result() },
		incrby: func() (any, error) { return c.IncrBy(ctx, key, 10).Result() },
		pair: func() (any, error) {
			pipe := c.TxPipeline()
			a, b := pipe.Incr(ctx, key), pipe.Incr(ctx, key)
			_, err := pipe.Exec(ctx)
			return []any{a.Val(), b.Val()}, err
		},
		far:   func() (any, error) { return c.Incr(ctx, far).Result() },
		exact: func() (any, error) { return c.Do(ctx, "LC.NEXT", far).Result() },
	}
}

func ofGoRedis8(c redis8.UniversalClient, key, far string) client {
	return client{
		incr:   func() (any, error) { return c.Incr(ctx, key).Result() },
		incrby: func() (any, error) { return c.IncrBy(ctx, key, 10).Result() },
		pair: func() (any, error) {
			pipe := c.TxPipeline()
			a, b := pipe.Incr(ctx, key), pipe.Incr(ctx, key)
			_, err := pipe.Exec(ctx)
			return []any{a.Val(), b.Val()}, err
		},
		far:   func() (any, error) { return c.Incr(ctx, far).Result() },
		exact: func() (any, error) { return c.Do(ctx, "LC.NEXT", far).Result() },
	}
}

func ofRueidis(c rueidis.Client, key, far string) client {
	return client{
		incr:   func() (any, error) { return c.Do(ctx, c.B().Incr().Key(key).Build()).AsInt64() },
		incrby: func() (any, error) { return c.Do(ctx, c.B().Incrby().Key(key).Increment(10).Build()).AsInt64() },
		pair: func() (any, error) {
			incr := c.B().Incr().Key(key).Build()
			answers := c.DoMulti(ctx, c.B().Multi().Build(), incr, c.B().Incr().Key(key).Build(), c.B().Exec().Build())
			return answers[3].AsIntSlice()
		},
		far:   func() (any, error) { return c.Do(ctx, c.B().Incr().Key(far).Build()).AsInt64() },
		exact: func() (any, error) { return c.Do(ctx, c.B().Arbitrary("LC.NEXT").Keys(far).Build()).ToString() },
	}
}

func ofValkey(c valkey.Client, key, far string) client {
	return client{
		incr:   func() (any, error) { return c.Do(ctx, c.B().Incr().Key(key).Build()).AsInt64() },
		incrby: func() (any, error) { return c.Do(ctx, c.B().Incrby().Key(key).Increment(10).Build()).AsInt64() },
		pair: func() (any, error) {
			answers := c.DoMulti(ctx, c.B().Multi().Build(), c.B().Incr().Key(key).Build(), c.B().Incr().Key(key).Build(), c.B().Exec().Build())
			return answers[3].AsIntSlice()
		},
		far:   func() (any, error) { return c.Do(ctx, c.B().Incr().Key(far).Build()).AsInt64() },
		exact: func() (any, error) { return c.Do(ctx, c.B().Arbitrary("LC.NEXT").Keys(far).Build()).ToString() },
	}
}

func ofRedigo(c redis.Conn, key, far string) client {
	return client{
		incr:   func() (any, error) { return redis.Int64(c.Do("INCR", key)) },
		incrby: func() (any, error) { return redis.Int64(c.Do("INCRBY", key, 10)) },
		pair: func() (any, error) {
			c.Send("MULTI")
			c.Send("INCR", key)
			c.Send("INCR", key)
			return redis.Int64s(c.Do("EXEC"))
		},
		far:   func() (any, error) { return redis.Int64(c.Do("INCR", far)) },
		exact: func() (any, error) { return redis.String(c.Do("LC.NEXT", far)) },
	}
}

func ofRadix(c radix.Client, key, far string) client {
	do := func(args ...string) step {
		return func() (any, error) {
			var value int64
			err := c.Do(ctx, radix.Cmd(&value, args[0], args[1:]...))
			return value, err
		}
	}
	return client{
		incr:   do("INCR", key),
		incrby: do("INCRBY", key, "10"),
		pair: func() (any, error) {
			var values []int64
			pipe := radix.NewPipeline()
			pipe.Append(radix.Cmd(nil, "MULTI"))
			pipe.Append(radix.Cmd(nil, "INCR", key))
			pipe.Append(radix.Cmd(nil, "INCR", key))
			pipe.Append(radix.Cmd(&values, "EXEC"))
			err := c.Do(ctx, pipe)
			return values, err
		},
		far: do("INCR", far),
		exact: func() (any, error) {
			var value string
			err := c.Do(ctx, radix.Cmd(&value, "LC.NEXT", far))
			return value, err
		},
	}
}

func must[T any](value T, err error) T {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	return value
}

func open(name, addr, key, far string) client {
	switch name {
	case "go-redis":
		return ofGoRedis(goredis.NewClient(&goredis.Options{Addr: addr}), key, far)
	case "go-redis-resp2":
		return ofGoRedis(goredis.NewClient(&goredis.Options{Addr: addr, Protocol: 2}), key, far)
	case "go-redis-cluster":
		return ofGoRedis(goredis.NewClusterClient(&goredis.ClusterOptions{Addrs: []string{addr}}), key, far)
	case "go-redis8":
		return ofGoRedis8(redis8.NewClient(&redis8.Options{Addr: addr}), key, far)
	case "go-redis8-cluster":
		return ofGoRedis8(redis8.NewClusterClient(&redis8.ClusterOptions{Addrs: []string{addr}}), key, far)
	case "rueidis":
		return ofRueidis(must(rueidis.NewClient(rueidis.ClientOption{InitAddress: []string{addr}})), key, far)
	case "rueidis-single":
		return ofRueidis(must(rueidis.NewClient(rueidis.ClientOption{InitAddress: []string{addr}, ForceSingleClient: true, DisableCache: true})), key, far)
	case "valkey-go":
		return ofValkey(must(valkey.NewClient(valkey.ClientOption{InitAddress: []string{addr}})), key, far)
	case "redigo":
		return ofRedigo(must(redis.Dial("tcp", addr)), key, far)
	case "radix":
		return ofRadix(must(radix.Dialer{}.Dial(ctx, "tcp", addr)), key, far)
	}
	fmt.Fprintln(os.Stderr, "no client "+name)
	os.Exit(1)
	return client{}
}

func text(value any) any {
	switch all := value.(type) {
	case []int64:
		texts := []string{}
		for _, one := range all {
			texts = append(texts, strconv.FormatInt(one, 10))
		}
		return texts
	case []any:
		texts := []string{}
		for _, one := range all {
			texts = append(texts, fmt.Sprint(one))
		}
		return texts
	}
	return fmt.Sprint(value)
}

func try(run step) map[string]any {
	value, err := run()
	if err != nil {
		return map[string]any{"error": err.Error()}
	}
	return map[string]any{"value": text(value)}
}

// get returns status, content type and body.
type get func(path, accept string) (int, string, string, error)

func netHTTP(c *http.Client, base string) get {
	return func(path, accept string) (int, string, string, error) {
		request, _ := http.NewRequest("GET", base+path, nil)
		if accept != "" {
			request.Header.Set("Accept", accept)
		}
		answer, err := c.Do(request)
		if err != nil {
			return 0, "", "", err
		}
		defer answer.Body.Close()
		body, err := io.ReadAll(answer.Body)
		return answer.StatusCode, answer.Header.Get("Content-Type"), string(body), err
	}
}

// sending makes requests that have a body; without a length it goes in chunks.
func sending(method, base, expect string, body func() io.Reader) get {
	c := &http.Client{Transport: &http.Transport{ExpectContinueTimeout: 5 * time.Second}}
	return func(path, accept string) (int, string, string, error) {
		request, _ := http.NewRequest(method, base+path, body())
		request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		if accept != "" {
			request.Header.Set("Accept", accept)
		}
		if expect != "" {
			request.Header.Set("Expect", expect)
		}
		answer, err := c.Do(request)
		if err != nil {
			return 0, "", "", err
		}
		defer answer.Body.Close()
		text, err := io.ReadAll(answer.Body)
		return answer.StatusCode, answer.Header.Get("Content-Type"), string(text), err
	}
}

func post(base, expect string) get {
	return sending("POST", base, expect, func() io.Reader { return strings.NewReader("a=b") })
}

// raw lets gRPC send and receive bytes as they are: the messages of the door are written and read by hand.
type raw struct{}

func (raw) Name() string                       { return "proto" }
func (raw) Marshal(v any) ([]byte, error)      { return *v.(*[]byte), nil }
func (raw) Unmarshal(data []byte, v any) error { *v.(*[]byte) = append([]byte{}, data...); return nil }

// numbersIn reads field 1 of an answer, a number or several.
func numbersIn(data []byte) []int64 {
	if len(data) == 0 {
		return nil
	}
	at := 1
	if data[0] == 0x0a {
		_, size := binary.Uvarint(data[1:])
		at += size
	}
	found := []int64{}
	for at < len(data) {
		value, size := binary.Uvarint(data[at:])
		found = append(found, int64(value))
		at += size
	}
	return found
}

func grpcGo(address, key string) map[string]any {
	connection := must(grpc.NewClient(address, grpc.WithTransportCredentials(insecure.NewCredentials())))
	call := func(method, tag string, more ...byte) any {
		asked := append(append([]byte{0x0a, byte(len(tag))}, tag...), more...)
		answer := []byte{}
		err := connection.Invoke(ctx, "/leafcutter.v1.IdService/"+method, &asked, &answer, grpc.ForceCodec(raw{}))
		if err != nil {
			return map[string]any{"error": err.Error()}
		}
		return map[string]any{"value": text(numbersIn(answer))}
	}
	one := []any{call("NextId", key), call("NextId", key), call("NextId", key)}
	return map[string]any{"one": one, "batch": call("NextIds", key, 0x10, 3), "missing": call("NextId", "no such")}
}

func openHTTP(name, base string) get {
	switch name {
	case "net-http":
		return netHTTP(http.DefaultClient, base)
	case "net-http-no-keepalive":
		return netHTTP(&http.Client{Transport: &http.Transport{DisableKeepAlives: true}}, base)
	case "net-http-no-compression":
		return netHTTP(&http.Client{Transport: &http.Transport{DisableCompression: true, DialContext: (&net.Dialer{}).DialContext}}, base)
	case "net-http-post":
		return post(base, "")
	case "net-http-expect":
		return post(base, "100-continue")
	case "net-http-chunked-get":
		return sending("GET", base, "", func() io.Reader { return io.MultiReader(strings.NewReader("a=b")) })
	case "reverse-proxy":
		to := must(url.Parse(base))
		front := httptest.NewServer(httputil.NewSingleHostReverseProxy(to))
		return netHTTP(&http.Client{}, front.URL)
	case "reverse-proxy-post":
		to := must(url.Parse(base))
		front := httptest.NewServer(httputil.NewSingleHostReverseProxy(to))
		return post(front.URL, "")
	case "fasthttp":
		c := &fasthttp.Client{}
		return func(path, accept string) (int, string, string, error) {
			request, answer := fasthttp.AcquireRequest(), fasthttp.AcquireResponse()
			request.SetRequestURI(base + path)
			if accept != "" {
				request.Header.Set("Accept", accept)
			}
			err := c.DoTimeout(request, answer, 10*time.Second)
			return answer.StatusCode(), string(answer.Header.ContentType()), string(answer.Body()), err
		}
	case "resty":
		c := resty.New()
		return func(path, accept string) (int, string, string, error) {
			request := c.R()
			if accept != "" {
				request.SetHeader("Accept", accept)
			}
			answer, err := request.Get(base + path)
			if err != nil {
				return 0, "", "", err
			}
			return answer.StatusCode(), answer.Header().Get("Content-Type"), answer.String(), nil
		}
	}
	return nil
}

func main() {
	name, at, key := os.Args[1], os.Args[2], os.Args[3]
	given := map[string]any{}
	if name == "grpc-go" {
		given = grpcGo(at, key)
	} else if get := openHTTP(name, at); get != nil {
		ask := func(path, accept string) any {
			status, kind, body, err := get(path, accept)
			if err != nil {
				return map[string]any{"error": err.Error()}
			}
			return map[string]any{"status": status, "type": kind, "body": body}
		}
		given["one"] = []any{ask("/v1/ids/"+key, ""), ask("/v1/ids/"+key, ""), ask("/v1/ids/"+key, "")}
		given["json"] = ask("/v1/ids/"+key, "application/json")
		given["batch"] = ask("/v1/ids/"+key+"?count=3", "")
		given["leaf"] = ask("/api/segment/get/"+key, "")
		given["missing"] = ask("/v1/ids/no%20such", "")
	} else {
		c := open(name, "127.0.0.1:"+at, key, os.Args[4])
		given["one"] = []any{try(c.incr), try(c.incr), try(c.incr)}
		given["block"] = try(c.incrby)
		given["pair"] = try(c.pair)
		given["far"] = try(c.far)
		given["exact"] = try(c.exact)
	}
	line, _ := json.Marshal(given)
	fmt.Println(string(line))
	os.Exit(0)
}
