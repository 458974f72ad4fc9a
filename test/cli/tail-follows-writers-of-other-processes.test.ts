import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Cli, cli, ringDirectory, SMALL_RING } from '../support/cli.js';

test('tail prints what one writer after another appends, killed ones too', async (t) => {
  const ring = ringDirectory(t);
  await cli(['append', ring, ...SMALL_RING], '0\n');
  const tail = new Cli(['tail', ring, '--trim', '--cursor', 'a']);
  const seen = (text: string) => tail.until(({ stdout }) => stdout.toString().endsWith(text));
  await seen('0\n');
  let expected = '0\n';
  for (let n = 1; n <= 3; n++) {
    await cli(['append', ring, ...SMALL_RING], `${n}\n`);
    const killed = new Cli(['append', ring, ...SMALL_RING]);
    killed.child.stdin.write(`${n} killed\n`);
    expected += `${n}\n${n} killed\n`;
    await seen(`${n} killed\n`);
    killed.child.kill('SIGKILL');
    await killed.ended;
  }
  tail.child.kill('SIGINT');
  const { code, stdout, stderr } = await tail.ended;
  assert.deepEqual([code, stdout.toString(), stderr], [130, expected, '']);

  // The position was kept: the next one goes on behind it.
  await cli(['append', ring, ...SMALL_RING], 'next\n');
  const next = await cli(['tail', ring, '--cursor', 'a', '--count', '1']);
  assert.equal(next.stdout.toString(), 'next\n');
});

test('tail starts at the tip of a ring that is being written', async (t) => {
  const ring = ringDirectory(t);
  const append = new Cli(['append', ring, ...SMALL_RING, '--ack']);
  append.child.stdin.write('1\n');
  await append.until(({ stdout }) => stdout.toString() === '1\n');
  // Logs come and come: whenever tail is there, it prints the next one.
  let n = 1;
  const timer = setInterval(() => append.child.stdin.write(`${++n}\n`), 10);
  const { code, stdout, stderr } = await cli(['tail', ring, '--tip', '--count', '1', '--json']);
  clearInterval(timer);
  append.child.stdin.end();
  await append.ended;
  assert.deepEqual([code, stderr], [0, '']);
  const { seqNo, data } = JSON.parse(stdout.toString());
  assert(seqNo > 1);
  assert.equal(data, `${seqNo}`);
});

test('a tail that is stopped while the ring laps it says how many logs are lost', async (t) => {
  const ring = ringDirectory(t);
  await cli(['append', ring, ...SMALL_RING], 'first\n');
  const tails = [[], ['--skip-trimmed']].map((flags) => new Cli(['tail', ring, '--trim', ...flags]));
  for (const tail of tails) {
    await tail.until(({ stdout }) => stdout.toString() === 'first\n');
    tail.child.kill('SIGSTOP');
  }
  await cli(['append', ring, ...SMALL_RING], `${'x'.repeat(1000)}\n`.repeat(3000));
  await cli(['append', ring, ...SMALL_RING], 'last\n');
  for (const tail of tails) tail.child.kill('SIGCONT');
  const [strict, skipping] = tails as [Cli, Cli];
  const { code, stderr } = await strict.ended;
  assert.match(
    stderr,
    /^waldo: the ring has overwritten logs 2 to \d+ \([\d,]+ logs lost\); the oldest is \d+\n$/,
  );
  assert.equal(code, 1);
  await skipping.until(({ stdout }) => stdout.toString().endsWith('\nlast\n'));
  assert.match(skipping.stderr, /^waldo: the ring has overwritten logs 2 to \d+ /);
  skipping.child.kill('SIGINT');
  assert.equal((await skipping.ended).code, 130);
});
