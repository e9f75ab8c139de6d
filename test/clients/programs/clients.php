<?php
// Clients of PHP, tried one by one: php clients.php CLIENT PORT KEY FAR, or CLIENT URL KEY. Prints one line of JSON.
[, $name, $at, $key] = $argv;

function attempt(callable $run) {
  try {
    $value = $run();
    return $value === false ? ['error' => 'false'] : ['value' => is_array($value) ? array_map('strval', $value) : (string) $value];
  } catch (Throwable $error) {
    return ['error' => $error->getMessage()];
  }
}

function redis_given(string $name, string $port, string $key, string $far): array {
  if ($name === 'predis') {
    require_once 'Predis/autoload.php';
    $client = new Predis\Client(['host' => '127.0.0.1', 'port' => (int) $port]);
    $pair = fn () => $client->transaction(function ($both) use ($key) { $both->incr($key); $both->incr($key); });
    $exact = fn () => $client->executeRaw(['LC.NEXT', $far]);
  } else {
    $client = new Redis();
    $name === 'phpredis-persistent' ? $client->pconnect('127.0.0.1', (int) $port) : $client->connect('127.0.0.1', (int) $port);
    $pair = fn () => $client->multi()->incr($key)->incr($key)->exec();
    $exact = fn () => $client->rawCommand('LC.NEXT', $far);
  }
  $incr = fn () => $client->incr($key);
  return [
    'one' => [attempt($incr), attempt($incr), attempt($incr)],
    'block' => attempt(fn () => $client->incrBy($key, 10)),
    'pair' => attempt($pair),
    'far' => attempt(fn () => $client->incr($far)),
    'exact' => attempt($exact),
  ];
}

function http_client(string $name, string $base): callable {
  $answer = fn ($status, $type, $body) => ['status' => $status, 'type' => $type, 'body' => $body];
  switch ($name) {
    case 'php-curl':
    case 'php-curl-post':
      $handle = curl_init();
      return function ($path, $accept) use ($handle, $base, $answer, $name) {
        $headers = $accept === null ? [] : ["Accept: $accept"];
        curl_setopt_array($handle, [CURLOPT_URL => $base . $path, CURLOPT_RETURNTRANSFER => true, CURLOPT_TIMEOUT => 10, CURLOPT_HTTPHEADER => $headers]);
        if ($name === 'php-curl-post') curl_setopt($handle, CURLOPT_POSTFIELDS, ['a' => 'b']);
        $body = curl_exec($handle);
        return $answer(curl_getinfo($handle, CURLINFO_RESPONSE_CODE), curl_getinfo($handle, CURLINFO_CONTENT_TYPE), $body);
      };
    case 'guzzle':
      require_once 'GuzzleHttp/autoload.php';
      $client = new GuzzleHttp\Client(['http_errors' => false, 'timeout' => 10]);
      return function ($path, $accept) use ($client, $base, $answer) {
        $got = $client->get($base . $path, ['headers' => $accept === null ? [] : ['Accept' => $accept]]);
        return $answer($got->getStatusCode(), $got->getHeaderLine('Content-Type'), (string) $got->getBody());
      };
    default:
      $version = $name === 'php-stream-http1.0' ? 1.0 : 1.1;
      return function ($path, $accept) use ($base, $answer, $version) {
        $http = ['ignore_errors' => true, 'timeout' => 10, 'protocol_version' => $version];
        if ($accept !== null) $http['header'] = "Accept: $accept";
        $body = file_get_contents($base . $path, false, stream_context_create(['http' => $http]));
        preg_match('~^HTTP/\S+ (\d+)~', $http_response_header[0], $status);
        $types = preg_grep('/^content-type: /i', $http_response_header);
        return $answer((int) $status[1], substr(reset($types), 14), $body);
      };
  }
}

if (str_starts_with($at, 'http')) {
  $get = http_client($name, $at);
  $ask = function ($path, $accept = null) use ($get) {
    try {
      return $get($path, $accept);
    } catch (Throwable $error) {
      return ['error' => $error->getMessage()];
    }
  };
  $id = "/v1/ids/$key";
  $given = [
    'one' => [$ask($id), $ask($id), $ask($id)],
    'json' => $ask($id, 'application/json'),
    'batch' => $ask("$id?count=3"),
    'leaf' => $ask("/api/segment/get/$key"),
    'missing' => $ask('/v1/ids/no%20such'),
  ];
} else $given = redis_given($name, $at, $key, $argv[4]);
echo json_encode($given), "\n";
