import { WaldoError } from '../index.js';
import { flagOfBufferOption } from './buffer-options.js';
import { flagOf, isRingOption } from './ring-options.js';

/** What to tell the user: the message, with flags in the place of the options that they set. */
export function describeError(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (!(error instanceof WaldoError) || error.code !== 'WALDO_OPTION') return error.message;
  return error.message.replaceAll(
    /\b(option )?([a-z]+[A-Za-z]*)\b/g,
    (text, prefix: string | undefined, name: string) =>
      isRingOption(name) && (prefix || /[A-Z]/.test(name))
        ? flagOf(name)
        : (flagOfBufferOption(name) ?? text),
  );
}
