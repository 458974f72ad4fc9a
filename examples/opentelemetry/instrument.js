// A ring as OpenTelemetry metrics and spans, by the API alone: which SDK collects and exports them is up to the service.
import { subscribe, tracingChannel, unsubscribe } from 'node:diagnostics_channel';
import { metrics, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';

/** A span for each append in this process, below the span that is active when it is called; returns what stops that. */
export function traceAppends() {
  const tracer = trace.getTracer('waldo');
  const spans = new WeakMap();
  const end = (append) => {
    const span = spans.get(append);
    if (append.lastSeqNo !== undefined) span.setAttribute('waldo.last_seq_no', append.lastSeqNo);
    span.end();
  };
  // One object accompanies an append through all its events.
  const listeners = {
    start(append) {
      const attributes = {
        'db.system.name': 'waldo',
        'db.namespace': append.directory,
        'db.operation.name': 'append',
        'db.operation.batch.size': append.logs,
        'waldo.bytes': append.bytes,
      };
      spans.set(append, tracer.startSpan('append', { kind: SpanKind.CLIENT, attributes }));
    },
    error(append) {
      const span = spans.get(append);
      span.recordException(append.error);
      span.setAttribute('error.type', append.error.code ?? append.error.name);
      span.setStatus({ code: SpanStatusCode.ERROR, message: append.error.message });
    },
    end(append) {
      if (append.sync) end(append);
    },
    asyncEnd: end,
  };
  const channel = tracingChannel('waldo:append');
  channel.subscribe(listeners);
  return () => channel.unsubscribe(listeners);
}

/** The metrics of an open ring; returns what stops them. */
export function meter(waldo) {
  const meter = metrics.getMeter('waldo');
  const attributes = { 'db.namespace': waldo.directory };

  const counters = {
    appends: meter.createObservableCounter('waldo.appends', { unit: '{append}' }),
    appendsFailed: meter.createObservableCounter('waldo.appends.failed', { unit: '{append}' }),
    logs: meter.createObservableCounter('waldo.logs', { unit: '{log}' }),
    bytes: meter.createObservableCounter('waldo.bytes', { unit: 'By' }),
    readBytes: meter.createObservableCounter('waldo.read.bytes', { unit: 'By' }),
    deliveries: meter.createObservableCounter('waldo.deliveries', { unit: '{chunk}' }),
    appendsWaiting: meter.createObservableGauge('waldo.appends.waiting', { unit: '{append}' }),
    cacheBytes: meter.createObservableGauge('waldo.cache.bytes', { unit: 'By' }),
    streamsOpen: meter.createObservableGauge('waldo.streams', { unit: '{stream}' }),
  };
  const observe = (result) => {
    const stats = waldo.stats();
    for (const [name, counter] of Object.entries(counters)) result.observe(counter, stats[name], attributes);
  };
  meter.addBatchObservableCallback(observe, Object.values(counters));

  const duration = meter.createHistogram('waldo.commit.duration', { unit: 's' });
  const onCommit = ({ directory, microseconds }) => {
    if (directory === waldo.directory) duration.record(microseconds / 1e6, attributes);
  };
  subscribe('waldo:commit', onCommit);
  return () => {
    unsubscribe('waldo:commit', onCommit);
    meter.removeBatchObservableCallback(observe, Object.values(counters));
  };
}
