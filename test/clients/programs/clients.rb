# Clients of Ruby, tried one by one: ruby clients.rb CLIENT PORT KEY FAR, or CLIENT URL KEY. Prints one line of JSON.
require 'json'
require 'net/http'
require 'uri'

name, at, key, far = ARGV

def attempt
  value = yield
  { value: value.is_a?(Array) ? value.map(&:to_s) : value.to_s }
rescue StandardError => error
  { error: error.message }
end

def redis_given(port, key, far)
  require 'redis'
  client = Redis.new(host: '127.0.0.1', port: port.to_i)
  incr = -> { attempt { client.incr(key) } }
  {
    one: [incr.call, incr.call, incr.call],
    block: attempt { client.incrby(key, 10) },
    pair: attempt { client.multi { |both| both.incr(key); both.incr(key) } },
    far: attempt { client.incr(far) },
    exact: attempt { client.call('LC.NEXT', far) }
  }
end

def http_given(name, base, key)
  uri = URI(base)
  kept = name == 'net-http-ruby-kept' ? Net::HTTP.start(uri.host, uri.port) : nil
  ask = lambda do |path, accept = nil|
    asked = name == 'net-http-ruby-post' ? Net::HTTP::Post.new(path) : Net::HTTP::Get.new(path)
    asked.set_form_data('a' => 'b') if name == 'net-http-ruby-post'
    asked['Accept'] = accept if accept
    got = kept ? kept.request(asked) : Net::HTTP.start(uri.host, uri.port) { |http| http.request(asked) }
    { status: got.code.to_i, type: got['content-type'], body: got.body }
  rescue StandardError => error
    { error: error.message }
  end
  id = "/v1/ids/#{key}"
  {
    one: [ask.call(id), ask.call(id), ask.call(id)],
    json: ask.call(id, 'application/json'),
    batch: ask.call("#{id}?count=3"),
    leaf: ask.call("/api/segment/get/#{key}"),
    missing: ask.call('/v1/ids/no%20such')
  }
end

puts JSON.generate(at.start_with?('http') ? http_given(name, at, key) : redis_given(at, key, far))
