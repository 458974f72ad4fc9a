// A ring as Prometheus metrics. Counters and gauges are read from stats() when Prometheus scrapes, and cost nothing in
// between; only the histogram listens to every commit, so that Prometheus can add up those of many processes.
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { Counter, Gauge, Histogram } from 'prom-client';

const COUNTERS = {
  appends: 'Appends that were acknowledged',
  appendsFailed: 'Appends that were refused, aborted or failed',
  logs: 'Logs that have become durable',
  bytes: 'Bytes of packed logs that have become durable',
  commits: 'Commits',
  reads: 'Chunks read from disk',
  readBytes: 'Bytes of packed logs read from disk',
  cacheHits: 'Deliveries from memory',
  cacheMisses: 'Times that a stream waited for the disk',
  deliveries: 'Chunks delivered to streams',
};

const GAUGES = {
  tip: 'Sequence number of the newest durable log',
  appendsPending: 'Appends that are not durable yet',
  appendsWaiting: 'Appends that wait for room',
  cacheBytes: 'Bytes of chunks in memory',
  streamsOpen: 'Streams that are not over',
  streamsWaiting: 'Streams whose consumer waits for logs',
};

const snakeCase = (name) => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

/** Registers the metrics of an open ring; returns what stops them. */
export function observe(waldo, registry) {
  const registers = [registry];
  for (const [name, help] of Object.entries(COUNTERS)) {
    new Counter({
      name: `waldo_${snakeCase(name)}_total`,
      help,
      registers,
      collect() {
        this.reset();
        this.inc(waldo.stats()[name]);
      },
    });
  }
  for (const [name, help] of Object.entries(GAUGES)) {
    new Gauge({
      name: `waldo_${snakeCase(name)}`,
      help,
      registers,
      collect() {
        this.set(waldo.stats()[name]);
      },
    });
  }
  const seconds = new Histogram({
    name: 'waldo_commit_seconds',
    help: 'From when logs were handed to the disk to when their appends were told',
    buckets: [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1],
    registers,
  });
  const onCommit = ({ directory, microseconds }) => {
    if (directory === waldo.directory) seconds.observe(microseconds / 1e6);
  };
  subscribe('waldo:commit', onCommit);
  return () => unsubscribe('waldo:commit', onCommit);
}
