// A key-value service on loopback: GET, PUT and DELETE of /KEY.
//
//   npm start -- ./data 8080
import { once } from 'node:events';
import { createServer } from 'node:http';
import { text } from 'node:stream/consumers';
import { KeyValue } from './key-value.js';

const [directory = './data', port = '8080'] = process.argv.slice(2);
const kv = await KeyValue.open(directory);

const server = createServer(async (request, response) => {
  const key = decodeURIComponent(request.url.slice(1));
  try {
    if (request.method === 'GET') {
      const value = kv.get(key);
      response.writeHead(value === undefined ? 404 : 200).end(value);
    } else if (request.method === 'PUT') {
      await kv.set(key, await text(request));
      response.writeHead(204).end();
    } else if (request.method === 'DELETE') {
      await kv.delete(key);
      response.writeHead(204).end();
    } else {
      response.writeHead(405, { allow: 'GET, PUT, DELETE' }).end();
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
    await kv.close();
  });
}
