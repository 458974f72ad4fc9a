// Fans a log out to Server-Sent Events clients: GET /events follows it, POST /events appends.
//
//   npm start -- ./ring 8080
import { once } from 'node:events';
import { createServer } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { Waldo } from 'waldo';
import { sendEvents } from './events.js';

const [directory = './ring', port = '8080'] = process.argv.slice(2);
const waldo = await Waldo.open(directory);

const server = createServer(async (request, response) => {
  try {
    if (request.url !== '/events') response.writeHead(404).end('GET or POST /events\n');
    else if (request.method === 'GET') await sendEvents(waldo, request, response);
    else if (request.method === 'POST') response.end(`${await waldo.append([await buffer(request)])}\n`);
    else response.writeHead(405, { allow: 'GET, POST' }).end();
  } catch (error) {
    console.error(error);
    if (!response.headersSent) response.writeHead(500);
    response.end(`${error.code ?? 'failed'}\n`);
  }
});
server.listen({ port: Number(port), host: '127.0.0.1', backlog: 8192 });
await once(server, 'listening');
console.log(`http://127.0.0.1:${server.address().port}/events`);

for (const signal of ['SIGINT', 'SIGTERM']) {
  process.once(signal, async () => {
    server.close();
    // Ends every stream, and so every response.
    await waldo.close();
    server.closeAllConnections();
  });
}
