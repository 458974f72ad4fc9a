#!/usr/bin/env node
import { readFileSync } from 'node:fs';
import { Command, CommanderError } from 'commander';
import { addAppend } from './append.js';
import { addBench } from './bench.js';
import { addCat } from './cat.js';
import { addConsume } from './consume.js';
import { addCursors } from './cursors.js';
import { describeError } from './describe-error.js';
import { ExitCode, exitCodeOf } from './exit-codes.js';
import { addGc } from './gc.js';
import { addInfo } from './info.js';
import { addManifest } from './manifest.js';
import { note } from './output.js';
import { addTail } from './tail.js';
import { addTop } from './top.js';
import { addTune } from './tune.js';
import { addUpload } from './upload.js';
import { addVerify } from './verify.js';

const HELP = `
Data goes to standard output, messages to standard error. Exit status: 0 done, 1 failed, 2 wrong usage,
3 something is damaged, 4 somebody else uses it. "waldo help <command>" explains a command.`;

function program(): Command {
  const { version } = JSON.parse(readFileSync(new URL('../../../package.json', import.meta.url), 'utf8'));
  const waldo = new Command('waldo')
    .description('A durable, on-disk ring log.')
    .version(version, '--version', 'print the version')
    .helpOption('--help', 'explain the command')
    .addHelpText('after', HELP)
    .exitOverride()
    .configureOutput({ outputError: (text, write) => write(text.replace(/^error: /, 'waldo: ')) })
    .showHelpAfterError('Try "waldo --help".');
  const adders = [addAppend, addCat, addTail, addTop, addInfo, addCursors, addVerify, addBench, addTune];
  for (const add of [...adders, addUpload, addConsume, addManifest, addGc]) add(waldo);
  for (const command of waldo.commands) command.showHelpAfterError(`Try "waldo ${command.name()} --help".`);
  return waldo;
}

try {
  // Nobody left to read the messages is no reason to fail.
  process.stderr.on('error', () => {});
  await program().parseAsync();
} catch (error) {
  if (error instanceof CommanderError) {
    process.exitCode = error.exitCode === 0 ? ExitCode.ok : ExitCode.usage;
  } else {
    note(describeError(error));
    process.exitCode = exitCodeOf(error);
  }
}
