// Runs the processes of a soak, lets things befall them, and checks what they say.

import { once } from 'node:events';
import { createWriteStream, mkdirSync, mkdtempSync, rmSync, type WriteStream } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Waldo } from '../../../src/index.js';
import { draw } from '../../buffer/campaign/random.js';
import { CrewMember, type Role } from './crew-member.js';
import type { SoakOptions } from './options.js';
import { killedReader, planKills, readerName } from './plan.js';
import { diskUse, figuresOf } from './process-figures.js';
import type { Assignment, Counts, Message } from './protocol.js';
import type { DiskSample, ProcessSample, SoakEvent } from './samples.js';

/** What came of a soak. */
export interface SoakOutcome {
  /** Seconds that the writer appended. */
  readonly seconds: number;
  readonly interrupted: boolean;
  /** What was not as it must be; empty if all was. */
  readonly violations: readonly string[];
  readonly samples: readonly ProcessSample[];
  readonly disk: readonly DiskSample[];
  readonly events: readonly SoakEvent[];
  /** Of all lives together, by member. */
  readonly counts: Readonly<Record<string, Counts>>;
  /** The newest log that was acknowledged. */
  readonly tip: number;
  /** The last log of which the consumer has stored that it got it, and all before. */
  readonly consumed: number;
}

/** Milliseconds after which a process that says nothing is taken for stuck. Long, since the machine may be busy. */
const SILENCE = 180_000;

export class Soak {
  readonly #options: SoakOptions;
  readonly #folder: string;
  readonly #crew = new Map<string, CrewMember>();
  readonly #violations: string[] = [];
  readonly #samples: ProcessSample[] = [];
  readonly #disk: DiskSample[] = [];
  readonly #events: SoakEvent[] = [];
  readonly #out: WriteStream;
  /** Fires when the appending is to end. */
  readonly #stop = new AbortController();
  #began = performance.now();
  #isSampling = true;
  #submitted = 0;
  #acked = 0;
  readonly #committed = new Map<string, number>();
  #paused: number | undefined;
  #wake = () => {};

  constructor(options: SoakOptions) {
    this.#options = options;
    this.#folder = mkdtempSync(join(options.directory, 'waldo-soak-'));
    mkdirSync(options.out, { recursive: true });
    this.#out = createWriteStream(join(options.out, 'samples.jsonl'));
    const add = (name: string, role: Role) =>
      this.#crew.set(name, new CrewMember(name, role, (life) => this.#assign(name, life), this.#hear));
    add('writer', 'writer');
    for (let i = 0; i < options.readers; i++) add(readerName(i), 'reader');
    add('uploader', 'uploader');
    add('consumer', 'consumer');
  }

  /** Ends the appending early; everything else takes its course. */
  interrupt(): void {
    this.#stop.abort();
  }

  /** @param progress is told from time to time how far it is, in a line */
  async run(progress: (line: string) => void): Promise<SoakOutcome> {
    try {
      await this.#prepare();
      await this.#start();
      this.#began = performance.now();
      const watching = this.#watch(progress);
      await this.#befall();
      const seconds = this.#now;
      this.#isSampling = false;
      const interrupted = this.#stop.signal.aborted && this.#violations.length === 0;
      this.#stop.abort();
      await watching;
      if (this.#violations.length === 0) await this.#finish();
      return this.#outcome(seconds, interrupted);
    } finally {
      await Promise.all([...this.#crew.values()].map((member) => member.kill()));
      this.#out.end();
      await once(this.#out, 'close');
      rmSync(this.#folder, { recursive: true, force: true });
    }
  }

  #outcome(seconds: number, interrupted: boolean): SoakOutcome {
    return {
      seconds,
      interrupted,
      violations: this.#violations,
      samples: this.#samples,
      disk: this.#disk,
      events: this.#events,
      counts: Object.fromEntries([...this.#crew].map(([name, { counts }]) => [name, counts])),
      tip: this.#acked,
      consumed: this.#committed.get('consumer') ?? 0,
    };
  }

  get #now(): number {
    return (performance.now() - this.#began) / 1000;
  }

  get #ring(): string {
    return join(this.#folder, 'ring');
  }

  get #writer(): CrewMember {
    return this.#crew.get('writer')!;
  }

  #assign(name: string, life: number): Assignment {
    const { ringSize, fileCapacity, rate, appends, seed, interval, grace, leak } = this.#options;
    const index = Number(name.split(' ')[1]);
    return {
      ring: this.#ring,
      store: join(this.#folder, 'store'),
      position: join(this.#folder, 'position.json'),
      ringSize,
      fileCapacity,
      rate,
      appends,
      tails: name === 'writer' ? this.#options.tails : this.#options.readerTails,
      intervalMs: interval * 1000,
      graceMs: grace * 1000,
      seed: draw(seed, name, life),
      leak: index === 0 ? leak : 'none',
      cursor: name.replace(' ', '-'),
      habit: index === 0 ? 'steady' : name === killedReader(this.#options.readers) ? 'lagging' : 'reopening',
    };
  }

  /** The ring, with the uploader's cursor: nothing is overwritten before there is an uploader. */
  async #prepare(): Promise<void> {
    const { ringSize, fileCapacity } = this.#options;
    const waldo = await Waldo.open(this.#ring, { ringSize, fileCapacity, whenFull: 'wait' });
    await waldo.durableCursor('uploader', { hold: true });
    await waldo.close();
  }

  async #start(): Promise<void> {
    await this.#writer.start();
    await Promise.all(
      [...this.#crew.values()].filter(({ life }) => life === 0).map((member) => member.start()),
    );
  }

  /** Carries out the plan until its end, or the first violation. */
  async #befall(): Promise<void> {
    for (const { at, member } of planKills(this.#options)) {
      if (!(await this.#pass(at))) return;
      await this.#killAndRestart(this.#crew.get(member)!);
    }
    await this.#pass(this.#options.seconds);
  }

  /** Waits; whether the time has passed undisturbed. */
  async #pass(until: number): Promise<boolean> {
    const left = Math.max(0, until - this.#now) * 1000;
    await sleep(left, undefined, { signal: this.#stop.signal }).catch(() => {});
    return !this.#stop.signal.aborted;
  }

  async #killAndRestart(member: CrewMember): Promise<void> {
    await member.kill();
    member.kills++;
    this.#note(member, 'killed');
    if (this.#stop.signal.aborted) return;
    await member.start();
    this.#note(member, 'open again');
  }

  #note(member: CrewMember, event: string): void {
    const entry = { t: this.#now, member: member.name, event };
    this.#events.push(entry);
    this.#write(entry);
  }

  #write(entry: object): void {
    this.#out.write(`${JSON.stringify(entry)}\n`);
  }

  #violated(message: string): void {
    this.#violations.push(`after ${this.#now.toFixed(1)} s: ${message}`);
    this.#stop.abort();
    this.#wake();
  }

  /** Looks at the disk, and whether everybody is alive. */
  async #watch(progress: (line: string) => void): Promise<void> {
    const { interval, seconds } = this.#options;
    let said = 0;
    while (!this.#stop.signal.aborted) {
      const [ring, store] = await Promise.all([diskUse(this.#ring), diskUse(join(this.#folder, 'store'))]);
      const sample = { t: this.#now, ring, store };
      this.#disk.push(sample);
      this.#write({ ...sample, member: 'disk' });
      this.#checkSilence();
      if (this.#now - said >= Math.max(10, seconds / 200)) {
        said = this.#now;
        progress(`${Math.round(said)} of ${seconds} s: log ${this.#acked}, ${this.#events.length} events`);
      }
      await this.#pass(this.#now + interval);
    }
  }

  #checkSilence(): void {
    for (const { name, pid, heardAt } of this.#crew.values())
      if (pid !== undefined && performance.now() - heardAt > SILENCE)
        this.#violated(`${name} has said nothing for ${SILENCE / 1000} s`);
  }

  readonly #hear = (member: CrewMember, message: Message): void => {
    switch (message.kind) {
      case 'open':
        this.#checkOpen(member, message.at);
        break;
      case 'sample':
        this.#sample(member, message);
        break;
      case 'submit':
        this.#submitted = Math.max(this.#submitted, message.seqNo);
        break;
      case 'ack':
        this.#acked = Math.max(this.#acked, message.seqNo);
        break;
      case 'committed':
        this.#committed.set(member.name, message.seqNo);
        break;
      case 'paused':
        this.#paused = message.tip;
        this.#wake();
        break;
      case 'failed':
        this.#violated(`${member.name} (life ${member.life}): ${message.message}`);
        break;
      case 'done':
        break;
    }
  };

  /** What a member finds at the start of a life is what was acknowledged in earlier ones. */
  #checkOpen(member: CrewMember, at: number): void {
    const committed = this.#committed.get(member.name) ?? 0;
    if (at < committed) this.#violated(`${member.name} had committed ${committed}, and finds ${at}`);
    if (member !== this.#writer) return;
    if (at < this.#acked) this.#violated(`log ${this.#acked} was acknowledged, the ring ends at ${at}`);
    if (at > this.#submitted) this.#violated(`log ${at} is there, ${this.#submitted} was the last submitted`);
    // What was recovered is durable, acknowledged or not.
    this.#acked = Math.max(this.#acked, at);
  }

  #sample(member: CrewMember, message: Extract<Message, { kind: 'sample' }>): void {
    const figures = member.pid === undefined ? undefined : figuresOf(member.pid);
    if (figures === undefined || !this.#isSampling) return;
    const { heap, external, counts } = message;
    const lag =
      member.role === 'consumer' ? this.#acked - (this.#committed.get(member.name) ?? 0) : message.lag;
    const sample = {
      t: this.#now,
      member: member.name,
      life: member.life,
      ...figures,
      heap,
      external,
      lag,
      counts,
    };
    this.#samples.push(sample);
    this.#write(sample);
  }

  /** Everybody gets to the tip and ends; then the ring is looked at. */
  async #finish(): Promise<void> {
    this.#writer.tell({ kind: 'pause' });
    await this.#until(() => this.#paused !== undefined, 'the writer to pause');
    const tip = this.#paused!;
    if (this.#violations.length > 0) return;
    if (tip !== this.#acked) this.#violated(`the writer ends at ${tip}, ${this.#acked} is acknowledged`);
    // The writer last: as long as it is there, readers follow a ring that is written.
    const others = [...this.#crew.values()].filter((member) => member !== this.#writer);
    await this.#end(others, tip);
    await this.#end([this.#writer], tip);
    if (this.#violations.length > 0) return;
    const consumed = this.#committed.get('consumer');
    if (consumed !== tip) this.#violated(`the consumer has ${consumed} of ${tip} logs`);
    await this.#checkRing(tip);
  }

  async #end(members: readonly CrewMember[], tip: number): Promise<void> {
    for (const member of members) member.tell({ kind: 'finish', tip });
    let isOver = false;
    void Promise.all(members.map(({ ended }) => ended)).then(() => {
      isOver = true;
      this.#wake();
    });
    await this.#until(() => isOver, `${members.map(({ name }) => name).join(', ')} to get to ${tip}`);
  }

  /** Waits for what members say, as long as nothing is wrong. */
  async #until(condition: () => boolean, what: string): Promise<void> {
    const deadline = performance.now() + SILENCE;
    while (!condition() && this.#violations.length === 0) {
      if (performance.now() > deadline) return this.#violated(`waited ${SILENCE / 1000} s for ${what}`);
      const woken = new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
      await Promise.race([woken, sleep(1000)]);
    }
  }

  async #checkRing(tip: number): Promise<void> {
    const waldo = await Waldo.open(this.#ring, { whenFull: 'wait' });
    const { recovery } = waldo.metadata();
    if (recovery.outcome !== 'clean')
      this.#violated(`the ring was closed, and is opened as ${recovery.outcome}`);
    if (waldo.prevSeqNo !== tip) this.#violated(`the ring ends at ${waldo.prevSeqNo}, not at ${tip}`);
    const { problems } = await waldo.verify();
    for (const { message } of problems) this.#violated(`verify: ${message}`);
    await waldo.close();
  }
}
