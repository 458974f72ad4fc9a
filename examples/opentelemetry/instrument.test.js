import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { context, metrics, SpanStatusCode, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics';
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  SimpleSpanProcessor,
} from '@opentelemetry/sdk-trace-base';
import { Cursor, Waldo } from 'waldo';
import { meter, traceAppends } from './instrument.js';

const spans = new InMemorySpanExporter();
trace.setGlobalTracerProvider(new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(spans)] }));
context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
const collected = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
const metering = new MeterProvider({ readers: [new PeriodicExportingMetricReader({ exporter: collected })] });
metrics.setGlobalMeterProvider(metering);

async function openRing(t) {
  const home = mkdtempSync(join(tmpdir(), 'waldo-opentelemetry-'));
  const waldo = await Waldo.open(join(home, 'ring'));
  t.after(async () => {
    await waldo.close();
    rmSync(home, { recursive: true, force: true });
  });
  return waldo;
}

test('appends are spans below that of their caller', async (t) => {
  t.after(traceAppends());
  const waldo = await openRing(t);
  await trace.getTracer('test').startActiveSpan('request', async (request) => {
    await Promise.all([waldo.append(['a', 'b']), waldo.append(['c'])]);
    waldo.appendSync(['d']);
    request.end();
  });
  const finished = spans.getFinishedSpans();
  const request = finished.find(({ name }) => name === 'request');
  const appends = finished.filter(({ name }) => name === 'append');
  assert.deepEqual(
    appends.map(({ attributes }) => [attributes['db.operation.batch.size'], attributes['waldo.last_seq_no']]),
    [
      [2, 2],
      [1, 3],
      [1, 4],
    ],
  );
  for (const { parentSpanContext, attributes } of appends) {
    assert.equal(parentSpanContext.spanId, request.spanContext().spanId);
    assert.equal(attributes['db.namespace'], waldo.directory);
  }
});

test('an append that is refused is a span with an error', async (t) => {
  t.after(traceAppends());
  const waldo = await openRing(t);
  spans.reset();
  await waldo.append(['a']);
  const stale = [{ seqNo: 9, prevSeqNo: 8, data: 'x' }];
  await assert.rejects(waldo.append(stale), { code: 'WALDO_SEQUENCE' });
  assert.throws(() => waldo.appendSync(stale), { code: 'WALDO_SEQUENCE' });
  const [, ...failed] = spans.getFinishedSpans();
  assert.equal(failed.length, 2);
  for (const { status, attributes, events } of failed) {
    assert.equal(status.code, SpanStatusCode.ERROR);
    assert.equal(attributes['error.type'], 'WALDO_SEQUENCE');
    assert.equal(events[0].name, 'exception');
  }
});

test('metrics are what the ring did', async (t) => {
  const waldo = await openRing(t);
  t.after(meter(waldo));
  for (const log of ['one', 'two', 'three']) await waldo.append([log]);
  let delivered = 0;
  for await (const _ of waldo.query(Cursor.trim())) delivered++;
  await metering.forceFlush();
  const [{ scopeMetrics }] = collected.getMetrics();
  const found = Object.fromEntries(
    scopeMetrics[0].metrics.map(({ descriptor, dataPoints }) => [descriptor.name, dataPoints[0]]),
  );
  assert.equal(found['waldo.appends'].value, 3);
  assert.equal(found['waldo.appends'].attributes['db.namespace'], waldo.directory);
  assert.equal(found['waldo.appends.failed'].value, 0);
  assert.equal(found['waldo.logs'].value, 3);
  assert.equal(found['waldo.bytes'].value, 3 * 32);
  assert.equal(found['waldo.deliveries'].value, delivered);
  assert.equal(found['waldo.streams'].value, 0);
  assert.equal(found['waldo.commit.duration'].value.count, 3);
  assert(found['waldo.commit.duration'].value.sum > 0);
});

test('the service prints spans and metrics', (t) => {
  const home = mkdtempSync(join(tmpdir(), 'waldo-opentelemetry-'));
  t.after(() => rmSync(home, { recursive: true, force: true }));
  const program = fileURLToPath(new URL('service.js', import.meta.url));
  const { status, stdout, stderr } = spawnSync(process.execPath, [program, join(home, 'ring')], {
    input: 'one\ntwo\n',
    encoding: 'utf8',
  });
  assert.equal(status, 0, stderr);
  assert.equal(stdout.match(/name: 'take a line'/g)?.length, 2);
  assert.equal(stdout.match(/name: 'append'/g)?.length, 2);
  assert.match(stdout, /name: 'waldo\.logs'/);
});
