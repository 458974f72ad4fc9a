// A Server-Sent Events client for tests: one connection, which can be paused, as slow clients do it.
import { once } from 'node:events';
import { get } from 'node:http';

export class Client {
  /** Ids of the events it got. */
  ids = [];
  trimmed = 0;
  data = [];
  #response;
  #rest = '';
  #wanted = Number.POSITIVE_INFINITY;
  #reached = () => {};

  static async open(url, lastId) {
    const client = new Client();
    const headers = lastId === undefined ? {} : { 'last-event-id': `${lastId}` };
    const [response] = await once(get(url, { agent: false, headers }), 'response');
    if (response.statusCode !== 200) throw new Error(`status ${response.statusCode}`);
    client.#response = response;
    response.setEncoding('utf8');
    response.on('data', (text) => client.#take(text));
    response.on('error', () => {});
    return client;
  }

  get lastId() {
    return this.ids.at(-1);
  }

  pause() {
    this.#response.pause();
  }

  resume() {
    this.#response.resume();
  }

  close() {
    this.#response.destroy();
  }

  /** Settles when the event has arrived. */
  async until(id) {
    if (this.lastId >= id) return;
    await new Promise((resolve) => {
      this.#wanted = id;
      this.#reached = resolve;
    });
  }

  #take(text) {
    const events = (this.#rest + text).split('\n\n');
    this.#rest = events.pop();
    for (const event of events) {
      const [first, ...data] = event.split('\n');
      if (first === 'event: trimmed') this.trimmed++;
      else if (!first.startsWith('id: ')) throw new Error(`unexpected: ${event}`);
      else this.ids.push(Number(first.slice(4)));
      this.data = data.map((line) => line.slice('data: '.length));
    }
    if (this.lastId >= this.#wanted) this.#reached();
  }
}
