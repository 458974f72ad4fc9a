// misuse-the-addon DIR SEED ROUNDS: calls everything that the addon exports with arguments that make no sense, before
// the engine is open, while it is and after it was closed. Any outcome is fine but a crash or a hang.
import { mkdirSync } from 'node:fs';
import { loadBinding, type NativeEngine, type NativeOptions } from '../../src/binding.js';
import { Random } from '../buffer/campaign/random.js';
import { SOUND_OPTIONS } from '../support/native-options.js';

const [directory, seed, rounds] = process.argv.slice(2) as [string, string, string];
const random = new Random(Number(seed));
// Strange directories are made there.
mkdirSync(directory);
process.chdir(directory);
const binding = loadBinding();

const NUMBERS = [0, 1, -1, 0.5, 16, 512, 4096, 65536, 2 ** 31, 2 ** 32 - 1, 2 ** 32, 2 ** 53, 2 ** 63, 1e308];

/** Anything that JavaScript has, among it what a method may take. */
function anything(): unknown {
  const detached = new ArrayBuffer(16);
  const empty = new Uint8Array(detached);
  structuredClone(detached, { transfer: [detached] });
  return random.pick<unknown>([
    ...NUMBERS,
    Number.NaN,
    Number.POSITIVE_INFINITY,
    undefined,
    null,
    true,
    'cursor',
    '../evil',
    '',
    'x'.repeat(5000),
    '\0',
    Symbol('no'),
    10n,
    [],
    [1, 2, 3],
    [{}],
    [{ valueOf: () => random.unit() }],
    {},
    () => 1,
    new ArrayBuffer(0),
    new ArrayBuffer(4096),
    detached,
    new SharedArrayBuffer(64),
    empty,
    new Uint8Array(64),
    Buffer.from('bytes'),
    new Float64Array(3),
    new Proxy({}, {}),
    SOUND_OPTIONS,
  ]);
}

function attempt<T>(call: () => T): T | undefined {
  try {
    return call();
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    return undefined;
  }
}

const ENGINE = binding.Engine.prototype as unknown as Record<string, unknown>;
const METHODS = Object.getOwnPropertyNames(ENGINE).filter((name) => name !== 'constructor');
type Call = (...args: unknown[]) => unknown;

function misuse(engine: NativeEngine, calls: number, without: readonly string[] = []): void {
  const methods = METHODS.filter((name) => !without.includes(name));
  for (let i = 0; i < calls; i++) {
    const method = (engine as unknown as Record<string, Call>)[random.pick(methods)]!;
    const args = Array.from({ length: random.between(0, 6) }, anything);
    // The id of a job is sound more often than not, so that what comes after it is looked at.
    if (random.chance(0.7)) args[0] = random.between(1, 100);
    if (random.chance(0.1)) attempt(() => method.call(random.pick([{}, undefined, binding]), ...args));
    attempt(() => method.call(engine, ...args));
  }
}

function misuseSlabs(engine: NativeEngine): void {
  const slab = attempt(() => engine.allocate());
  if (slab === undefined) return;
  const view = new Uint8Array(slab);
  for (let i = 0; i < 10; i++) {
    for (let at = 0; at < 256; at++) view[at] = random.between(0, 255);
    const [start, end, count] = [anything(), anything(), anything()] as [number, number, number];
    attempt(() => engine.submit(slab, start, end, count, random.chance(0.5)));
  }
  // Sound bounds around logs that are not.
  attempt(() => engine.submit(slab, 0, 128 + 8 * random.between(0, 200), random.between(1, 5), true));
  // Node 20 detaches a slab; later versions refuse to transfer memory that is not theirs.
  attempt(() => structuredClone(slab, { transfer: [slab] }));
  attempt(() => engine.submit(slab, 0, 512, 1, true));
}

function misuseFunctions(): void {
  const functions = [binding.crc32c, binding.packRecords, binding.crc32cImplementation] as unknown as Call[];
  for (let i = 0; i < 50; i++)
    attempt(() => random.pick(functions)(...Array.from({ length: random.between(0, 6) }, anything)));
  const Engine = binding.Engine as unknown as new (...args: unknown[]) => unknown;
  for (let i = 0; i < 5; i++) attempt(() => new Engine(anything(), anything()));
  attempt(() => (binding.Engine as unknown as Call)());
}

/** Options that the library would never pass on. */
function strangeOptions(): NativeOptions {
  const options = { ...SOUND_OPTIONS } as Record<string, unknown>;
  for (let i = random.between(1, 3); i > 0; i--)
    options[random.pick(Object.keys(SOUND_OPTIONS))] = anything();
  // What would make terabytes, or wait for a lock of the system.
  for (const name of ['ringSize', 'fileCapacity', 'bufCapacity']) {
    const value = options[name];
    if (typeof value === 'number' && value > 1e6) options[name] = 1e6;
  }
  return options as unknown as NativeOptions;
}

function open(options: NativeOptions, at: string): Promise<{ engine: NativeEngine; opened: boolean }> {
  return new Promise((resolve) => {
    const engine: NativeEngine = new binding.Engine(
      () => {},
      (id, error) => {
        if (id === 0.25) resolve({ engine, opened: error === undefined });
        if (id === 0.75) closed.get(engine)?.();
      },
    );
    misuse(engine, 10, ['open']);
    const started = attempt(() => {
      engine.open(0.25, at, options);
      return true;
    });
    engine.ref();
    if (!started) resolve({ engine, opened: false });
    else misuse(engine, 20, ['close', 'unref']);
  });
}

const closed = new Map<NativeEngine, () => void>();

for (let round = 0; round < Number(rounds); round++) {
  misuseFunctions();
  const strange = round % 2 === 1;
  const { engine, opened } = await open(strange ? strangeOptions() : SOUND_OPTIONS, `ring-${round}`);
  if (opened) {
    for (let i = 0; i < 3; i++) {
      attempt(() => engine.open(random.between(1, 100), `again-${round}-${i}`, SOUND_OPTIONS));
      misuseSlabs(engine);
      misuse(engine, 60, ['close', 'unref']);
      await new Promise(setImmediate);
    }
    await new Promise<void>((resolve) => {
      closed.set(engine, resolve);
      // One that was told to close before it was open has done so by itself.
      attempt(() => {
        engine.close(0.75);
        return true;
      }) ?? resolve();
    });
  }
  misuse(engine, 20, ['ref']);
  console.log(`round ${round}: ${strange ? 'strange' : 'sound'} options, ${opened ? 'opened' : 'refused'}`);
}
// Engines that were never opened, and are referenced, would keep the process alive.
process.exit();
