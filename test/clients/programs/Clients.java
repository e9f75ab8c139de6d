import io.lettuce.core.RedisClient;
import io.lettuce.core.RedisURI;
import io.lettuce.core.api.sync.RedisCommands;
import io.lettuce.core.cluster.RedisClusterClient;
import io.lettuce.core.codec.StringCodec;
import io.lettuce.core.output.StatusOutput;
import io.lettuce.core.output.ValueOutput;
import io.lettuce.core.protocol.CommandArgs;
import io.lettuce.core.protocol.ProtocolKeyword;
import java.net.HttpURLConnection;
import java.net.URI;
import java.net.URL;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import org.redisson.Redisson;
import org.redisson.api.BatchOptions;
import org.redisson.api.RedissonClient;
import org.redisson.config.Config;
import redis.clients.jedis.HostAndPort;
import redis.clients.jedis.RedisProtocol;
import redis.clients.jedis.DefaultJedisClientConfig;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.JedisCluster;
import org.springframework.http.client.HttpComponentsClientHttpRequestFactory;
import org.springframework.http.client.JdkClientHttpRequestFactory;
import org.springframework.http.client.JettyClientHttpRequestFactory;
import org.springframework.http.client.SimpleClientHttpRequestFactory;

/** Clients of Java, tried one by one: Clients CLIENT PORT KEY FAR, or Clients CLIENT URL KEY. Prints one line of JSON. */
public class Clients {
  record Steps(Callable<Object> incr, Callable<Object> incrby, Callable<Object> pair, Callable<Object> far,
      Callable<Object> exact) {}

  record Answer(int status, String type, String body) {}

  interface Get {
    Answer get(String path, String accept) throws Exception;
  }

  static Steps jedis(int port, String key, String far, RedisProtocol protocol) {
    var config = DefaultJedisClientConfig.builder();
    if (protocol != null) config.protocol(protocol);
    var client = new Jedis(new HostAndPort("127.0.0.1", port), config.build());
    return new Steps(() -> client.incr(key), () -> client.incrBy(key, 10), () -> {
      var transaction = client.multi();
      transaction.incr(key);
      transaction.incr(key);
      return transaction.exec();
    }, () -> client.incr(far), () -> client.sendCommand(() -> "LC.NEXT".getBytes(), far));
  }

  static Steps jedisCluster(int port, String key, String far) {
    var client = new JedisCluster(Set.of(new HostAndPort("127.0.0.1", port)));
    return new Steps(() -> client.incr(key), () -> client.incrBy(key, 10), null, () -> client.incr(far),
        () -> client.sendCommand(far, () -> "LC.NEXT".getBytes(), far));
  }

  static Steps lettuce(int port, String key, String far) {
    RedisCommands<String, String> client =
        RedisClient.create(RedisURI.create("127.0.0.1", port)).connect().sync();
    ProtocolKeyword next = keyword("LC.NEXT");
    return new Steps(() -> client.incr(key), () -> client.incrby(key, 10), () -> {
      client.multi();
      client.incr(key);
      client.incr(key);
      return new ArrayList<>(client.exec().stream().toList());
    }, () -> client.incr(far), () -> client.dispatch(next, new ValueOutput<>(StringCodec.UTF8),
        new CommandArgs<>(StringCodec.UTF8).addKey(far)));
  }

  static Steps lettuceCluster(int port, String key, String far) {
    var client = RedisClusterClient.create(RedisURI.create("127.0.0.1", port)).connect().sync();
    ProtocolKeyword next = keyword("LC.NEXT");
    return new Steps(() -> client.incr(key), () -> client.incrby(key, 10), null, () -> client.incr(far),
        () -> client.dispatch(next, new ValueOutput<>(StringCodec.UTF8),
            new CommandArgs<>(StringCodec.UTF8).addKey(far)));
  }

  static ProtocolKeyword keyword(String name) {
    return new ProtocolKeyword() {
      public byte[] getBytes() { return name.getBytes(StandardCharsets.US_ASCII); }
      public String toString() { return name; }
    };
  }

  static Steps redisson(int port, String key, String far) {
    var config = new Config();
    config.useSingleServer().setAddress("redis://127.0.0.1:" + port).setRetryAttempts(1);
    RedissonClient client = Redisson.create(config);
    var counter = client.getAtomicLong(key);
    return new Steps(counter::incrementAndGet, () -> counter.addAndGet(10), () -> {
      var batch = client.createBatch(BatchOptions.defaults().executionMode(BatchOptions.ExecutionMode.IN_MEMORY_ATOMIC));
      batch.getAtomicLong(key).incrementAndGetAsync();
      batch.getAtomicLong(key).incrementAndGetAsync();
      return batch.execute().getResponses();
    }, () -> client.getAtomicLong(far).incrementAndGet(), null);
  }

  static Steps redis(String name, int port, String key, String far) {
    return switch (name) {
      case "jedis" -> jedis(port, key, far, null);
      case "jedis-resp3" -> jedis(port, key, far, RedisProtocol.RESP3);
      case "jedis-cluster" -> jedisCluster(port, key, far);
      case "lettuce" -> lettuce(port, key, far);
      case "lettuce-cluster" -> lettuceCluster(port, key, far);
      case "redisson" -> redisson(port, key, far);
      default -> throw new IllegalArgumentException(name);
    };
  }

  static Get jdk(String base, HttpClient client) {
    return (path, accept) -> {
      var request = HttpRequest.newBuilder(URI.create(base + path)).timeout(Duration.ofSeconds(10));
      if (accept != null) request.header("Accept", accept);
      var answer = client.send(request.build(), HttpResponse.BodyHandlers.ofString());
      return new Answer(answer.statusCode(), answer.headers().firstValue("content-type").orElse(""), answer.body());
    };
  }

  static Get jdkAsync(String base) {
    var client = HttpClient.newHttpClient();
    return (path, accept) -> {
      var request = HttpRequest.newBuilder(URI.create(base + path)).timeout(Duration.ofSeconds(10));
      if (accept != null) request.header("Accept", accept);
      var answer = client.sendAsync(request.build(), HttpResponse.BodyHandlers.ofString()).get();
      return new Answer(answer.statusCode(), answer.headers().firstValue("content-type").orElse(""), answer.body());
    };
  }

  static Get jdkPost(String base, boolean expects) {
    var client = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
    return (path, accept) -> {
      var request = HttpRequest.newBuilder(URI.create(base + path)).timeout(Duration.ofSeconds(10)).expectContinue(expects)
          .header("Content-Type", "application/x-www-form-urlencoded").POST(HttpRequest.BodyPublishers.ofString("a=b"));
      if (accept != null) request.header("Accept", accept);
      var answer = client.send(request.build(), HttpResponse.BodyHandlers.ofString());
      return new Answer(answer.statusCode(), answer.headers().firstValue("content-type").orElse(""), answer.body());
    };
  }

  static Get urlConnection(String base, boolean keptAlive) {
    return (path, accept) -> {
      var connection = (HttpURLConnection) new URL(base + path).openConnection();
      if (!keptAlive) connection.setRequestProperty("Connection", "close");
      if (accept != null) connection.setRequestProperty("Accept", accept);
      int status = connection.getResponseCode();
      try (var in = status < 400 ? connection.getInputStream() : connection.getErrorStream()) {
        return new Answer(status, connection.getContentType(), new String(in.readAllBytes()));
      }
    };
  }

  static Get apache4(String base) {
    var client = org.apache.http.impl.client.HttpClients.createDefault();
    return (path, accept) -> {
      var request = new org.apache.http.client.methods.HttpGet(base + path);
      if (accept != null) request.setHeader("Accept", accept);
      try (var answer = client.execute(request)) {
        var body = org.apache.http.util.EntityUtils.toString(answer.getEntity());
        return new Answer(answer.getStatusLine().getStatusCode(), answer.getFirstHeader("Content-Type").getValue(), body);
      }
    };
  }

  static Get apache5(String base) {
    var client = org.apache.hc.client5.http.impl.classic.HttpClients.createDefault();
    return (path, accept) -> {
      var request = new org.apache.hc.client5.http.classic.methods.HttpGet(base + path);
      if (accept != null) request.setHeader("Accept", accept);
      return client.execute(request, answer -> new Answer(answer.getCode(), answer.getHeader("Content-Type").getValue(),
          org.apache.hc.core5.http.io.entity.EntityUtils.toString(answer.getEntity())));
    };
  }

  static Get apache5Async(String base) {
    var client = org.apache.hc.client5.http.impl.async.HttpAsyncClients.createDefault();
    client.start();
    return (path, accept) -> {
      var request = org.apache.hc.client5.http.async.methods.SimpleRequestBuilder.get(base + path);
      if (accept != null) request.addHeader("Accept", accept);
      var answer = client.execute(request.build(), null).get();
      return new Answer(answer.getCode(), answer.getContentType().toString(), answer.getBodyText());
    };
  }

  static Get okHttp(String base, okhttp3.ConnectionPool pool) {
    var client = new okhttp3.OkHttpClient.Builder().connectionPool(pool).build();
    return (path, accept) -> {
      var request = new okhttp3.Request.Builder().url(base + path);
      if (accept != null) request.header("Accept", accept);
      try (var answer = client.newCall(request.build()).execute()) {
        return new Answer(answer.code(), answer.header("Content-Type"), answer.body().string());
      }
    };
  }

  static Get restTemplate(String base, org.springframework.http.client.ClientHttpRequestFactory by) {
    var client = new org.springframework.web.client.RestTemplate(by);
    client.setErrorHandler(answer -> false);
    return (path, accept) -> {
      var headers = new org.springframework.http.HttpHeaders();
      if (accept != null) headers.set("Accept", accept);
      var entity = new org.springframework.http.HttpEntity<Void>(headers);
      var answer = client.exchange(URI.create(base + path), org.springframework.http.HttpMethod.GET, entity, String.class);
      return new Answer(answer.getStatusCode().value(), String.valueOf(answer.getHeaders().getContentType()), answer.getBody());
    };
  }

  static Get restClient(String base, org.springframework.http.client.ClientHttpRequestFactory by) {
    var builder = org.springframework.web.client.RestClient.builder()
        .defaultStatusHandler(status -> true, (request, answer) -> {});
    if (by != null) builder.requestFactory(by);
    var client = builder.build();
    return (path, accept) -> {
      var request = client.get().uri(URI.create(base + path));
      if (accept != null) request.header("Accept", accept);
      var answer = request.retrieve().toEntity(String.class);
      return new Answer(answer.getStatusCode().value(), String.valueOf(answer.getHeaders().getContentType()), answer.getBody());
    };
  }

  static Get jetty(String base) throws Exception {
    var client = new org.eclipse.jetty.client.HttpClient();
    client.start();
    return (path, accept) -> {
      var request = client.newRequest(URI.create(base + path));
      if (accept != null) request.headers(fields -> fields.put("Accept", accept));
      var answer = request.send();
      return new Answer(answer.getStatus(), answer.getMediaType(), answer.getContentAsString());
    };
  }

  static Get http(String name, String base) throws Exception {
    return switch (name) {
      case "jdk" -> jdk(base, HttpClient.newHttpClient());
      case "jdk-http1" -> jdk(base, HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build());
      case "jdk-async" -> jdkAsync(base);
      case "jdk-post" -> jdkPost(base, false);
      case "jdk-expect" -> jdkPost(base, true);
      case "url-connection" -> urlConnection(base, true);
      case "url-connection-close" -> urlConnection(base, false);
      case "apache4" -> apache4(base);
      case "apache5" -> apache5(base);
      case "apache5-async" -> apache5Async(base);
      case "okhttp" -> okHttp(base, new okhttp3.ConnectionPool());
      case "okhttp-no-pool" -> okHttp(base, new okhttp3.ConnectionPool(0, 1, java.util.concurrent.TimeUnit.MILLISECONDS));
      case "rest-template" -> restTemplate(base, new SimpleClientHttpRequestFactory());
      case "rest-template-jdk" -> restTemplate(base, new JdkClientHttpRequestFactory());
      case "rest-template-apache5" -> restTemplate(base, new HttpComponentsClientHttpRequestFactory());
      case "rest-client" -> restClient(base, null);
      case "rest-client-jdk" -> restClient(base, new JdkClientHttpRequestFactory());
      case "rest-client-simple" -> restClient(base, new SimpleClientHttpRequestFactory());
      case "rest-client-jetty" -> restClient(base, new JettyClientHttpRequestFactory());
      case "jetty" -> jetty(base);
      default -> null;
    };
  }

  static String text(Object value) {
    var all = value instanceof byte[] bytes ? new String(bytes) : String.valueOf(value);
    return '"' + all.replace("\\", "\\\\").replace("\"", "\\\"").replace("\r", "\\r").replace("\n", "\\n") + '"';
  }

  static String step(Callable<Object> run) {
    try {
      Object value = run.call();
      if (!(value instanceof List<?> all)) return "{\"value\":" + text(value) + "}";
      return "{\"value\":[" + String.join(",", all.stream().map(Clients::text).toList()) + "]}";
    } catch (Exception error) {
      return "{\"error\":" + text(error.getMessage()) + "}";
    }
  }

  static String ask(Get client, String path, String accept) {
    try {
      var answer = client.get(path, accept);
      return "{\"status\":" + answer.status + ",\"type\":" + text(answer.type) + ",\"body\":" + text(answer.body) + "}";
    } catch (Exception error) {
      return "{\"error\":" + text(error) + "}";
    }
  }

  public static void main(String[] args) throws Exception {
    var key = args[2];
    var parts = new ArrayList<String>();
    if (args[1].startsWith("http")) {
      var get = http(args[0], args[1]);
      var id = "/v1/ids/" + key;
      var one = List.of(ask(get, id, null), ask(get, id, null), ask(get, id, null));
      parts.add("\"one\":[" + String.join(",", one) + "]");
      parts.add("\"json\":" + ask(get, id, "application/json"));
      parts.add("\"batch\":" + ask(get, id + "?count=3", null));
      parts.add("\"leaf\":" + ask(get, "/api/segment/get/" + key, null));
      parts.add("\"missing\":" + ask(get, "/v1/ids/no%20such", null));
    } else {
      var steps = redis(args[0], Integer.parseInt(args[1]), key, args[3]);
      parts.add("\"one\":[" + step(steps.incr) + "," + step(steps.incr) + "," + step(steps.incr) + "]");
      parts.add("\"block\":" + step(steps.incrby));
      if (steps.pair != null) parts.add("\"pair\":" + step(steps.pair));
      parts.add("\"far\":" + step(steps.far));
      if (steps.exact != null) parts.add("\"exact\":" + step(steps.exact));
    }
    System.out.println("{" + String.join(",", parts) + "}");
    System.out.flush();
    Runtime.getRuntime().halt(0);
  }
}
