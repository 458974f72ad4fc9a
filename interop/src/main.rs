//! OpenData Buffer's producer and consumer on the command line.
//!
//!     waldo-interop produce STORE < plan.json     what it enqueued is in the store
//!     waldo-interop consume STORE [MAX [LAST]]    at most MAX batches, those after LAST, as one JSON object each;
//!                                                 acknowledges them
//!     waldo-interop dump FILE                     a manifest, in the shape of the crate's own `manifest dump`
//!
//! STORE is `dir:PATH`, a directory that is read into the crate's store in memory and written back (its local store
//! cannot replace an object if it is unchanged), or `s3:BUCKET`, as the AWS_… variables say.
//!
//! A plan has one object a producer: `{"prefix", "manifest", "compression": "none" | "zstd", "calls": [{"entries":
//! [base64…], "metadata": base64, "flush": bool}]}`. All producers run at once.

mod store;

use std::sync::Arc;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use buffer::{CompressionType, Consumer, ConsumerConfig, Metadata, Producer, ProducerConfig};
use bytes::Bytes;
use common::ObjectStoreConfig;
use common::clock::SystemClock;
use serde_json::{Value, json};
use store::Store;

type Failure = Box<dyn std::error::Error + Send + Sync>;

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    match args.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["produce", store] => produce(store).await,
        ["consume", store] => consume(store, usize::MAX, None).await,
        ["consume", store, max] => consume(store, max.parse()?, None).await,
        ["consume", store, max, last] => consume(store, max.parse()?, Some(last.parse()?)).await,
        ["dump", file] => dump(file),
        _ => Err("usage: waldo-interop produce STORE | consume STORE [MAX [LAST]] | dump FILE".into()),
    }
}

async fn produce(url: &str) -> Result<(), Failure> {
    let store = Store::open(url).await?;
    let plan: Value = serde_json::from_reader(std::io::stdin())?;
    let mut producers = tokio::task::JoinSet::new();
    for producer in plan.as_array().ok_or("a plan is an array")?.clone() {
        producers.spawn(run_producer(store.clone(), producer));
    }
    while let Some(result) = producers.join_next().await {
        result??;
    }
    store.save().await
}

async fn run_producer(store: Store, plan: Value) -> Result<(), Failure> {
    let config = ProducerConfig {
        object_store: ObjectStoreConfig::InMemory,
        data_path_prefix: text(&plan["prefix"], "ingest"),
        manifest_path: text(&plan["manifest"], "ingest/manifest"),
        flush_interval: Duration::from_millis(100),
        flush_size_bytes: 64 * 1024 * 1024,
        max_buffered_inputs: 1000,
        batch_compression: match text(&plan["compression"], "none").as_str() {
            "zstd" => CompressionType::Zstd,
            _ => CompressionType::None,
        },
    };
    let producer = Producer::with_object_store(config, store.objects(), Arc::new(SystemClock))?;
    let mut handles = Vec::new();
    for call in plan["calls"].as_array().ok_or("a producer has calls")? {
        let entries = call["entries"].as_array().ok_or("a call has entries")?;
        let entries = entries.iter().map(binary).collect::<Result<Vec<_>, _>>()?;
        handles.push(producer.produce(entries, binary(&call["metadata"])?).await?);
        if call["flush"] == true {
            producer.flush().await?;
        }
    }
    producer.flush().await?;
    for mut handle in handles {
        handle.watcher.await_durable().await?;
    }
    Ok(producer.close().await?)
}

async fn consume(url: &str, max: usize, last_acked: Option<u64>) -> Result<(), Failure> {
    let store = Store::open(url).await?;
    let config = ConsumerConfig {
        object_store: ObjectStoreConfig::InMemory,
        manifest_path: "ingest/manifest".to_string(),
        data_path_prefix: "ingest".to_string(),
        gc_interval: Duration::from_secs(300),
        gc_grace_period: Duration::from_secs(600),
    };
    let mut consumer = Consumer::with_object_store(config, store.objects(), last_acked).await?;
    for _ in 0..max {
        let Some(batch) = consumer.next_batch().await? else { break };
        let entries: Vec<String> = batch.entries.iter().map(|entry| BASE64.encode(entry)).collect();
        let batch_json = json!({
            "sequence": batch.sequence,
            "location": batch.location,
            "metadata": batch.metadata.iter().map(metadata).collect::<Vec<_>>(),
            "entries_base64": entries,
        });
        println!("{batch_json}");
        consumer.ack(batch.sequence).await?;
    }
    consumer.close().await?;
    store.save().await
}

fn dump(file: &str) -> Result<(), Failure> {
    let manifest = buffer::parse_manifest(Bytes::from(std::fs::read(file)?))?;
    let entries: Vec<Value> = manifest
        .entries()
        .iter()
        .map(|entry| {
            json!({
                "sequence": entry.sequence,
                "location": entry.location,
                "metadata": entry.metadata.iter().map(metadata).collect::<Vec<_>>(),
            })
        })
        .collect();
    let shown = json!({
        "version": 1,
        "epoch": manifest.epoch,
        "next_sequence": manifest.next_sequence,
        "entries": entries,
    });
    println!("{shown}");
    Ok(())
}

fn metadata(item: &Metadata) -> Value {
    json!({
        "start_index": item.start_index,
        "ingestion_time_ms": item.ingestion_time_ms,
        "payload_base64": BASE64.encode(&item.payload),
    })
}

fn text(value: &Value, default: &str) -> String {
    value.as_str().unwrap_or(default).to_string()
}

fn binary(value: &Value) -> Result<Bytes, Failure> {
    Ok(Bytes::from(BASE64.decode(value.as_str().unwrap_or(""))?))
}
