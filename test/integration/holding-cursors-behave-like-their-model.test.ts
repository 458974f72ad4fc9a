import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { DurableCursor, Waldo } from '../../src/index.js';
import { seqNosOf, withCode } from '../support/rings.js';
import { SMALL, Workspace } from './support/workspace.js';

type Step =
  | { readonly do: 'append'; readonly logs: number; readonly bytes: number }
  | { readonly do: 'commit'; readonly name: string; readonly share: number }
  | { readonly do: 'open' | 'delete'; readonly name: string; readonly hold: boolean }
  | { readonly do: 'reopen' };

const names = fc.constantFrom('a', 'b', 'c');
const steps = fc.array(
  fc.oneof(
    {
      weight: 10,
      arbitrary: fc.record({
        do: fc.constant('append' as const),
        logs: fc.integer({ min: 1, max: 30 }),
        bytes: fc.integer({ min: 0, max: 2000 }),
      }),
    },
    {
      weight: 5,
      arbitrary: fc.record({
        do: fc.constant('commit' as const),
        name: names,
        share: fc.double({ min: 0, max: 1, noNaN: true }),
      }),
    },
    {
      weight: 2,
      arbitrary: fc.record({
        do: fc.constantFrom('open' as const, 'delete' as const),
        name: names,
        hold: fc.boolean(),
      }),
    },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('reopen' as const) }) },
  ),
  { minLength: 20, maxLength: 120 },
);

/** A ring, its cursors, and what both should be. */
class Model {
  readonly #space: Workspace;
  readonly #directory: string;
  #waldo!: Waldo;
  readonly #open = new Map<string, DurableCursor>();
  readonly #expected = new Map<string, { position: number; hold: boolean }>();
  #tip = 0;

  constructor(space: Workspace, directory: string) {
    this.#space = space;
    this.#directory = directory;
  }

  async start(): Promise<void> {
    this.#open.clear();
    this.#waldo = await this.#space.open({ ...SMALL, whenFull: 'reject' }, this.#directory);
    for (const name of this.#expected.keys()) this.#open.set(name, await this.#waldo.durableCursor(name));
  }

  async run(step: Step): Promise<void> {
    switch (step.do) {
      case 'append':
        return this.#append(step.logs, step.bytes);
      case 'commit':
        return this.#commit(step.name, step.share);
      case 'open':
        if (!this.#expected.has(step.name)) await this.#create(step.name, step.hold);
        return;
      case 'delete':
        await this.#open.get(step.name)?.delete();
        this.#open.delete(step.name);
        this.#expected.delete(step.name);
        return;
      case 'reopen':
        await this.#waldo.close();
        return this.start();
    }
  }

  async #append(logs: number, bytes: number): Promise<void> {
    try {
      this.#tip = await this.#waldo.append(Array<Buffer>(logs).fill(Buffer.alloc(bytes)));
    } catch (error) {
      withCode('WALDO_FULL')(error as never);
      const { cursor } = error as { cursor: string };
      assert.equal(this.#expected.get(cursor)?.hold, true, `${cursor} holds`);
    }
  }

  async #create(name: string, hold: boolean): Promise<void> {
    const cursor = await this.#waldo.durableCursor(name, { hold });
    this.#open.set(name, cursor);
    this.#expected.set(name, { position: cursor.position, hold });
  }

  async #commit(name: string, share: number): Promise<void> {
    const expected = this.#expected.get(name);
    if (expected === undefined) return;
    const position = Math.floor(expected.position + share * (this.#tip - expected.position));
    await this.#open.get(name)!.commit(position);
    expected.position = position;
  }

  async check(): Promise<void> {
    assert.equal(this.#waldo.prevSeqNo ?? 0, this.#tip);
    const { cursors, afterSeqNo } = this.#waldo.metadata();
    assert.deepEqual(
      cursors.map(({ name, position, hold }) => [name, position, hold]),
      [...this.#expected].sort().map(([name, { position, hold }]) => [name, position, hold]),
    );
    for (const [name, { position, hold }] of this.#expected) {
      if (hold)
        assert(position >= afterSeqNo, `${name} at ${position} holds; logs up to ${afterSeqNo} are gone`);
      if (position < afterSeqNo) continue;
      const seqNos = await seqNosOf(this.#open.get(name)!.query());
      assert.deepEqual([seqNos.length, seqNos[0] ?? position + 1], [this.#tip - position, position + 1]);
    }
  }

  close(): Promise<void> {
    return this.#waldo.close();
  }
}

test('whatever happens, what a cursor holds is there', async (t) => {
  const space = new Workspace(t);
  let runs = 0;
  await fc.assert(
    fc.asyncProperty(steps, async (list) => {
      const model = new Model(space, `${space.ring}-${runs++}`);
      await model.start();
      for (const step of list) {
        await model.run(step);
        if (step.do !== 'append') await model.check();
      }
      await model.check();
      await model.close();
    }),
    { numRuns: 40 },
  );
});
