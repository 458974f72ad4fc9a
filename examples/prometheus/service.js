// A service that keeps what it is sent in a ring, and shows Prometheus how that goes.
//
//   npm start -- ./ring 8080
//   curl --data-binary 'a log' localhost:8080/logs
//   curl localhost:8080/metrics
import { once } from 'node:events';
import { createServer } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { collectDefaultMetrics, Registry } from 'prom-client';
import { Waldo } from 'waldo';
import { observe } from './metrics.js';

const [directory = './ring', port = '8080'] = process.argv.slice(2);
const waldo = await Waldo.open(directory);
const registry = new Registry();
collectDefaultMetrics({ register: registry });
const stop = observe(waldo, registry);

const server = createServer(async (request, response) => {
  try {
    if (request.method === 'POST' && request.url === '/logs') {
      response.end(`${await waldo.append([await buffer(request)])}\n`);
    } else if (request.method === 'GET' && request.url === '/metrics') {
      response.setHeader('content-type', registry.contentType);
      response.end(await registry.metrics());
    } else {
      response.writeHead(404).end('POST /logs or GET /metrics\n');
    }
  } catch (error) {
    console.error(error);
    response.writeHead(500).end(`${error.code ?? 'failed'}\n`);
  }
});
server.listen(Number(port), '127.0.0.1');
await once(server, 'listening');
console.log(`http://127.0.0.1:${server.address().port}`);

for (const signal of ['SIGINT', 'SIGTERM']) {
  process.once(signal, async () => {
    server.close();
    server.closeIdleConnections();
    await once(server, 'close');
    stop();
    await waldo.close();
  });
}
