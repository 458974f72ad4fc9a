// Appends a line of standard input at a time, each below a span of its own, and prints spans and metrics. A real
// service has exporters for its collector here instead of those for the console.
//
//   seq 10 | npm start -- ./ring
import { createInterface } from 'node:readline';
import { context, metrics, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import {
  ConsoleMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics';
import { BasicTracerProvider, BatchSpanProcessor, ConsoleSpanExporter } from '@opentelemetry/sdk-trace-base';
import { Waldo } from 'waldo';
import { meter, traceAppends } from './instrument.js';

const tracing = new BasicTracerProvider({
  spanProcessors: [new BatchSpanProcessor(new ConsoleSpanExporter())],
});
const metering = new MeterProvider({
  readers: [new PeriodicExportingMetricReader({ exporter: new ConsoleMetricExporter() })],
});
context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
trace.setGlobalTracerProvider(tracing);
metrics.setGlobalMeterProvider(metering);

const waldo = await Waldo.open(process.argv[2] ?? './ring');
traceAppends();
meter(waldo);

const tracer = trace.getTracer('service');
for await (const line of createInterface({ input: process.stdin })) {
  await tracer.startActiveSpan('take a line', async (span) => {
    await waldo.append([line]);
    span.end();
  });
}
await metering.shutdown(); // Collects once more, while the ring is open.
await tracing.shutdown();
await waldo.close();
