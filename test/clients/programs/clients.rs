//! Clients of Rust, tried one by one: clients CLIENT PORT KEY FAR, or clients CLIENT URL KEY, or clients tonic ADDRESS KEY.
//! Prints one line of JSON.
use http_body_util::BodyExt;
use serde_json::{json, Value};
use std::error::Error;
use std::future::Future;
use std::rc::Rc;
use tokio::runtime::Runtime;

type Tried<T> = Result<T, Box<dyn Error>>;

/// A Redis client, as far as it is tried.
trait Redis {
    fn int(&mut self, command: &[&str]) -> Tried<i64>;
    fn pair(&mut self, key: &str) -> Tried<Vec<i64>>;
    fn text(&mut self, command: &[&str]) -> Tried<String>;
}

fn command(words: &[&str]) -> redis::Cmd {
    let mut made = redis::cmd(words[0]);
    made.arg(&words[1..]);
    made
}

fn pair_of(key: &str) -> redis::Pipeline {
    let mut made = redis::pipe();
    made.atomic().cmd("INCR").arg(key).cmd("INCR").arg(key);
    made
}

impl Redis for redis::Connection {
    fn int(&mut self, words: &[&str]) -> Tried<i64> {
        Ok(command(words).query(self)?)
    }
    fn pair(&mut self, key: &str) -> Tried<Vec<i64>> {
        Ok(pair_of(key).query(self)?)
    }
    fn text(&mut self, words: &[&str]) -> Tried<String> {
        Ok(command(words).query(self)?)
    }
}

/// redis-rs with Tokio: a multiplexed connection, or a manager of one.
struct Async<C> {
    runtime: Rc<Runtime>,
    connection: C,
}

impl<C: redis::aio::ConnectionLike + Send> Redis for Async<C> {
    fn int(&mut self, words: &[&str]) -> Tried<i64> {
        Ok(self.runtime.block_on(command(words).query_async(&mut self.connection))?)
    }
    fn pair(&mut self, key: &str) -> Tried<Vec<i64>> {
        Ok(self.runtime.block_on(pair_of(key).query_async(&mut self.connection))?)
    }
    fn text(&mut self, words: &[&str]) -> Tried<String> {
        Ok(self.runtime.block_on(command(words).query_async(&mut self.connection))?)
    }
}

mod by_fred {
    use super::{Rc, Redis, Runtime, Tried};
    use fred::prelude::*;
    use fred::types::{ClusterHash, CustomCommand};

    pub struct Fred {
        runtime: Rc<Runtime>,
        client: Client,
    }

    impl Fred {
        pub fn open(runtime: Rc<Runtime>, url: &str) -> Tried<Fred> {
            let client = runtime.block_on(async {
                let client = Builder::from_config(Config::from_url(url)?).build()?;
                client.init().await?;
                Ok::<_, fred::error::Error>(client)
            })?;
            Ok(Fred { runtime, client })
        }
    }

    impl Redis for Fred {
        fn int(&mut self, words: &[&str]) -> Tried<i64> {
            let key = words[1].to_string();
            let client = &self.client;
            Ok(self.runtime.block_on(async {
                match words.get(2) {
                    None => client.incr::<i64, _>(key).await,
                    Some(by) => client.incr_by::<i64, _>(key, by.parse().unwrap_or(0)).await,
                }
            })?)
        }
        fn pair(&mut self, key: &str) -> Tried<Vec<i64>> {
            let client = &self.client;
            Ok(self.runtime.block_on(async {
                let both = client.multi();
                let _: () = both.incr(key).await?;
                let _: () = both.incr(key).await?;
                both.exec::<Vec<i64>>(true).await
            })?)
        }
        fn text(&mut self, words: &[&str]) -> Tried<String> {
            let command = CustomCommand::new(words[0].to_string(), ClusterHash::FirstKey, false);
            let args: Vec<String> = words[1..].iter().map(|word| word.to_string()).collect();
            Ok(self.runtime.block_on(self.client.custom::<String, _>(command, args))?)
        }
    }
}

fn open_redis(name: &str, port: &str) -> Tried<Box<dyn Redis>> {
    let runtime = Rc::new(Runtime::new()?);
    let url = match name {
        "redis-rs-resp3" => format!("redis://127.0.0.1:{port}?protocol=resp3"),
        _ => format!("redis://127.0.0.1:{port}"),
    };
    if name == "fred" {
        return Ok(Box::new(by_fred::Fred::open(runtime, &url)?));
    }
    let client = redis::Client::open(url)?;
    Ok(match name {
        "redis-rs-async" => {
            let connection = runtime.block_on(client.get_multiplexed_async_connection())?;
            Box::new(Async { runtime, connection })
        }
        "redis-rs-manager" => {
            let connection = runtime.block_on(client.get_connection_manager())?;
            Box::new(Async { runtime, connection })
        }
        _ => Box::new(client.get_connection()?),
    })
}

struct Answer {
    status: u16,
    kind: String,
    body: String,
}

type Get = Box<dyn FnMut(&str, Option<&str>) -> Tried<Answer>>;

fn waits<F: Future<Output = Tried<Answer>>>(runtime: &Runtime, asked: F) -> Tried<Answer> {
    runtime.block_on(asked)
}

fn kind_of(headers: &http::HeaderMap) -> String {
    let kind = headers.get("content-type").and_then(|kind| kind.to_str().ok());
    kind.unwrap_or("").to_string()
}

fn by_reqwest(keeps: bool) -> Tried<Get> {
    let runtime = Runtime::new()?;
    let idle = if keeps { usize::MAX } else { 0 };
    let client = reqwest::Client::builder().pool_max_idle_per_host(idle).build()?;
    Ok(Box::new(move |url, accept| {
        waits(&runtime, async {
            let mut request = client.get(url);
            if let Some(kind) = accept {
                request = request.header("Accept", kind);
            }
            let answer = request.send().await?;
            let (status, kind) = (answer.status().as_u16(), kind_of(answer.headers()));
            Ok(Answer { status, kind, body: answer.text().await? })
        })
    }))
}

fn by_reqwest_blocking() -> Tried<Get> {
    let client = reqwest::blocking::Client::new();
    Ok(Box::new(move |url, accept| {
        let mut request = client.get(url);
        if let Some(kind) = accept {
            request = request.header("Accept", kind);
        }
        let answer = request.send()?;
        let (status, kind) = (answer.status().as_u16(), kind_of(answer.headers()));
        Ok(Answer { status, kind, body: answer.text()? })
    }))
}

fn by_hyper(posts: bool) -> Tried<Get> {
    let runtime = Runtime::new()?;
    let builder = hyper_util::client::legacy::Client::builder(hyper_util::rt::TokioExecutor::new());
    let client = builder.build_http::<http_body_util::Full<bytes::Bytes>>();
    Ok(Box::new(move |url, accept| {
        waits(&runtime, async {
            let mut request = http::Request::builder().uri(url).method(if posts { "POST" } else { "GET" });
            if let Some(kind) = accept {
                request = request.header("accept", kind);
            }
            let body = if posts { "a=b" } else { "" };
            let answer = client.request(request.body(body.into())?).await?;
            let (status, kind) = (answer.status().as_u16(), kind_of(answer.headers()));
            let bytes = answer.into_body().collect().await?.to_bytes();
            Ok(Answer { status, kind, body: String::from_utf8(bytes.to_vec())? })
        })
    }))
}

fn by_ureq() -> Tried<Get> {
    let agent: ureq::Agent = ureq::Agent::config_builder().http_status_as_error(false).build().into();
    Ok(Box::new(move |url, accept| {
        let mut request = agent.get(url);
        if let Some(kind) = accept {
            request = request.header("Accept", kind);
        }
        let mut answer = request.call()?;
        let (status, kind) = (answer.status().as_u16(), kind_of(answer.headers()));
        Ok(Answer { status, kind, body: answer.body_mut().read_to_string()? })
    }))
}

fn by_minreq() -> Tried<Get> {
    Ok(Box::new(|url, accept| {
        let mut request = minreq::get(url);
        if let Some(kind) = accept {
            request = request.with_header("Accept", kind);
        }
        let answer = request.send()?;
        let kind = answer.headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("content-type"));
        let kind = kind.map(|(_, value)| value.to_string()).unwrap_or_default();
        Ok(Answer { status: answer.status_code as u16, kind, body: answer.as_str()?.to_string() })
    }))
}

fn open_http(name: &str) -> Tried<Get> {
    match name {
        "reqwest" => by_reqwest(true),
        "reqwest-no-pool" => by_reqwest(false),
        "reqwest-blocking" => by_reqwest_blocking(),
        "hyper" => by_hyper(false),
        "hyper-post" => by_hyper(true),
        "ureq" => by_ureq(),
        "minreq" => by_minreq(),
        _ => Err(format!("no client {name}").into()),
    }
}

#[derive(Clone, PartialEq, prost::Message)]
struct Asked {
    #[prost(string, tag = "1")]
    tag: String,
    #[prost(uint32, tag = "2")]
    count: u32,
}

#[derive(Clone, PartialEq, prost::Message)]
struct One {
    #[prost(int64, tag = "1")]
    id: i64,
}

#[derive(Clone, PartialEq, prost::Message)]
struct Several {
    #[prost(int64, repeated, tag = "1")]
    ids: Vec<i64>,
}

fn tonic_given(address: &str, key: &str) -> Tried<Value> {
    let runtime = Runtime::new()?;
    let channel = runtime.block_on(tonic::transport::Endpoint::from_shared(format!("http://{address}"))?.connect())?;
    let mut grpc = tonic::client::Grpc::new(channel);
    let mut next_id = |tag: &str| {
        let asked = tonic::Request::new(Asked { tag: tag.to_string(), count: 0 });
        let path = http::uri::PathAndQuery::from_static("/leafcutter.v1.IdService/NextId");
        let answer = runtime.block_on(async {
            grpc.ready().await.map_err(|error| tonic::Status::unknown(error.to_string()))?;
            grpc.unary(asked, path, tonic_prost::ProstCodec::<Asked, One>::default()).await
        });
        match answer {
            Ok(one) => json!({"value": one.into_inner().id.to_string()}),
            Err(status) => json!({"error": status.to_string()}),
        }
    };
    let one = [next_id(key), next_id(key), next_id(key)];
    let missing = next_id("no such");
    let asked = tonic::Request::new(Asked { tag: key.to_string(), count: 3 });
    let path = http::uri::PathAndQuery::from_static("/leafcutter.v1.IdService/NextIds");
    let batch = runtime.block_on(async {
        grpc.ready().await?;
        let codec = tonic_prost::ProstCodec::<Asked, Several>::default();
        Ok::<_, Box<dyn Error>>(grpc.unary(asked, path, codec).await?.into_inner())
    })?;
    let ids: Vec<String> = batch.ids.iter().map(i64::to_string).collect();
    Ok(json!({"one": one, "batch": {"value": ids}, "missing": missing}))
}

fn step<T>(tried: Tried<T>, told: impl Fn(T) -> Value) -> Value {
    match tried {
        Ok(value) => json!({"value": told(value)}),
        Err(error) => json!({"error": error.to_string()}),
    }
}

fn http_given(name: &str, base: &str, key: &str) -> Tried<Value> {
    let mut get = open_http(name)?;
    let mut ask = |path: String, accept: Option<&str>| match get(&format!("{base}{path}"), accept) {
        Ok(Answer { status, kind, body }) => json!({"status": status, "type": kind, "body": body}),
        Err(error) => json!({"error": error.to_string()}),
    };
    let id = format!("/v1/ids/{key}");
    Ok(json!({
        "one": [ask(id.clone(), None), ask(id.clone(), None), ask(id.clone(), None)],
        "json": ask(id.clone(), Some("application/json")),
        "batch": ask(format!("{id}?count=3"), None),
        "leaf": ask(format!("/api/segment/get/{key}"), None),
        "missing": ask("/v1/ids/no%20such".to_string(), None),
    }))
}

fn redis_given(name: &str, port: &str, key: &str, far: &str) -> Tried<Value> {
    let mut client = open_redis(name, port)?;
    let text = |id: i64| json!(id.to_string());
    let mut incr = || step(client.int(&["INCR", key]), text);
    let one = [incr(), incr(), incr()];
    Ok(json!({
        "one": one,
        "block": step(client.int(&["INCRBY", key, "10"]), text),
        "pair": step(client.pair(key), |ids| json!(ids.iter().map(i64::to_string).collect::<Vec<_>>())),
        "far": step(client.int(&["INCR", far]), text),
        "exact": step(client.text(&["LC.NEXT", far]), |id| json!(id)),
    }))
}

fn main() -> Tried<()> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let (name, at, key) = (args[0].as_str(), args[1].as_str(), args[2].as_str());
    let given = match name {
        "tonic" => tonic_given(at, key)?,
        _ if at.starts_with("http") => http_given(name, at, key)?,
        _ => redis_given(name, at, key, &args[3])?,
    };
    println!("{given}");
    std::process::exit(0)
}
