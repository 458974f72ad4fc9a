// A ring's logs as Server-Sent Events.
import { once } from 'node:events';
import { Cursor } from 'waldo';

/** Chunks are shared by all streams: so are the bytes they make, as long as somebody needs them. */
const encoded = new WeakMap();

function encode(logs) {
  let bytes = encoded.get(logs);
  if (bytes === undefined) {
    bytes = Buffer.from(Array.from(logs, (log) => event(log.text(), `id: ${log.seqNo}\n`)).join(''));
    encoded.set(logs, bytes);
  }
  return bytes;
}

/** A line of data for each line of the text. */
function event(text, fields) {
  return `${fields}data: ${text.replaceAll(/\r\n|\r|\n/g, '\ndata: ')}\n\n`;
}

/** Answers a request with what comes after its Last-Event-ID, or from now on, until the client goes away. */
export async function sendEvents(waldo, request, response) {
  const lastId = request.headers['last-event-id'];
  if (lastId !== undefined && !/^\d{1,15}$/.test(lastId)) {
    response.writeHead(400).end('Last-Event-ID is the number of an event\n');
    return;
  }
  const gone = new AbortController();
  response.once('close', () => gone.abort());
  response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
  response.flushHeaders();
  let cursor = lastId === undefined ? Cursor.tip() : Cursor.after(Number(lastId));
  // Each turn but the last one ends with a client that was too slow for the ring.
  while (cursor !== undefined) cursor = await follow(waldo, cursor, response, gone.signal);
}

/** Sends what comes after the cursor. Returns where to go on, if the ring has overwritten what comes next. */
async function follow(waldo, cursor, response, signal) {
  try {
    for await (const logs of waldo.tail(cursor, { signal })) {
      // Nothing is read for a client that has not taken what it was sent.
      if (!response.write(encode(logs))) await once(response, 'drain', { signal });
    }
    response.end();
  } catch (error) {
    if (signal.aborted) return undefined;
    if (error.code === 'WALDO_TRIMMED') {
      const { oldestSeqNo } = error;
      response.write(event(JSON.stringify({ oldest: oldestSeqNo }), 'event: trimmed\n'));
      return oldestSeqNo === undefined ? Cursor.tip() : Cursor.from(oldestSeqNo);
    }
    // An id of another ring, beyond the tip, or a failing disk: the client is told, and may reconnect.
    response.end(event(error.message, 'event: failed\n'));
  }
  return undefined;
}
