import { subscribe, tracingChannel, unsubscribe } from 'node:diagnostics_channel';
import type { TestContext } from 'node:test';
import type { AppendContext, WaldoChannels } from '../../src/index.js';

type PlainName = Exclude<keyof WaldoChannels, 'waldo:append'>;

/** What a channel publishes while the test lasts, about one directory. */
export function hear<Name extends PlainName>(t: TestContext, name: Name, directory = '/ring') {
  const heard: WaldoChannels[Name][] = [];
  const listen = (message: unknown) => {
    const typed = message as WaldoChannels[Name];
    if (typed.directory === directory) heard.push(typed);
  };
  subscribe(name, listen);
  t.after(() => unsubscribe(name, listen));
  return heard;
}

/** One event of an append, with what its context said then. */
export interface HeardAppend {
  readonly event: 'start' | 'end' | 'asyncStart' | 'asyncEnd' | 'error';
  readonly context: AppendContext;
  readonly said: AppendContext;
}

/** The events of appends while the test lasts. */
export function hearAppends(t: TestContext): HeardAppend[] {
  const heard: HeardAppend[] = [];
  const on = (event: HeardAppend['event']) => (message: object) => {
    heard.push({ event, context: message as AppendContext, said: { ...(message as AppendContext) } });
  };
  const listeners = {
    start: on('start'),
    end: on('end'),
    asyncStart: on('asyncStart'),
    asyncEnd: on('asyncEnd'),
    error: on('error'),
  };
  const channels = tracingChannel('waldo:append');
  channels.subscribe(listeners);
  t.after(() => {
    channels.unsubscribe(listeners);
  });
  return heard;
}
