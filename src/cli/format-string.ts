import { InvalidArgumentError } from 'commander';
import type { Log } from '../index.js';
import type { Paint } from './colour.js';

/** Renders logs, one behind the other, as bytes. */
export type LogFormat = (logs: Iterable<Log>, paint: Paint) => Buffer;

/** Text, in which each character is a byte, or the payload itself. */
type Part = (log: Log, paint: Paint) => string | Buffer;

/** The letters that may follow `%`. */
const FIELDS = new Map<string, Part>([
  ['s', (log) => log.data],
  ['S', (log, paint) => paint('cyan', `${log.data.length}`)],
  ['R', (log) => bigEndian(log.data.length)],
  ['o', (log, paint) => paint('cyan', `${log.seqNo}`)],
  ['p', (log, paint) => paint('cyan', `${log.prevSeqNo}`)],
  ['c', (log, paint) => paint('cyan', log.checksum.toString(16).padStart(8, '0'))],
  ['%', () => '%'],
]);

const ESCAPES = new Map([
  ['n', '\n'],
  ['r', '\r'],
  ['t', '\t'],
  ['\\', '\\'],
]);

const FIELDS_EXPECTED = [...FIELDS.keys()].map((letter) => `%${letter}`).join(', ');
const ESCAPES_EXPECTED = '\\n, \\r, \\t, \\\\ or \\xNN';

/** Explains format strings, for --help. */
export const FORMAT_HELP = `
--format STRING is printed for each log, without a newline of its own. In it,
  %s  the payload                      %o  its sequence number (offset)
  %S  the payload's length in bytes    %p  the sequence number of the log before it
  %R  that as 4 bytes, big-endian      %c  the log's CRC32C in hexadecimal
  %%  a percent sign                   \\n \\r \\t \\\\ \\xNN  bytes`;

/**
 * Reads a format string as kcat has them, with its letters where they fit.
 * @throws InvalidArgumentError that names what cannot be read and its position, counted from 1
 */
export function parseFormat(text: string): LogFormat {
  const parts = parse(text);
  return (logs, paint) => {
    const rendered: Buffer[] = [];
    // Joined as text as far as possible: a Buffer for every number would be slow.
    let pending = '';
    for (const log of logs) {
      for (const part of parts) {
        const value = part(log, paint);
        if (typeof value === 'string') {
          pending += value;
        } else {
          rendered.push(Buffer.from(pending, 'latin1'), value);
          pending = '';
        }
      }
    }
    rendered.push(Buffer.from(pending, 'latin1'));
    return Buffer.concat(rendered);
  };
}

const TOKEN = /%(?<field>.?)|\\x(?<hex>[0-9a-f]{2})|\\(?<escaped>.?)|[^%\\]+/gisu;

function parse(text: string): Part[] {
  return Array.from(text.matchAll(TOKEN), ({ 0: token, index, groups: { field, hex, escaped } = {} }) => {
    if (field !== undefined) return FIELDS.get(field) ?? refuse(token, index, FIELDS_EXPECTED);
    const literal = bytesOf(token, index, hex, escaped);
    return () => literal;
  });
}

/** As text in which each character is a byte. */
function bytesOf(token: string, index: number, hex?: string, escaped?: string): string {
  if (hex !== undefined) return String.fromCharCode(Number.parseInt(hex, 16));
  if (escaped !== undefined) return ESCAPES.get(escaped) ?? refuse(token, index, ESCAPES_EXPECTED);
  return Buffer.from(token).toString('latin1');
}

function refuse(token: string, index: number, expected: string): never {
  throw new InvalidArgumentError(`"${token}" at position ${index + 1} is unknown; expected ${expected}.`);
}

function bigEndian(value: number): string {
  return String.fromCharCode(value >>> 24, (value >>> 16) & 255, (value >>> 8) & 255, value & 255);
}
