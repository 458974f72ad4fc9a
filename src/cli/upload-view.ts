import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { Uploader, UploaderStats } from '../buffer/index.js';
import { countOf, formatCount, formatSize } from '../units.js';
import { note, ProgressLine } from './output.js';
import { formatRate, progressBar, RateMeter } from './progress-bar.js';

/** Shows on standard error how an upload goes: a line that is rewritten on a terminal, and what goes wrong anywhere. */
export class UploadView {
  #line: ProgressLine | undefined;
  readonly #rate = new RateMeter();
  /** Whether it was told that the store fails. */
  #failing = false;
  readonly #retried = (message: unknown) => this.#fails((message as { readonly error: Error }).error);
  readonly #shipped = () => {
    this.#failing = false;
  };

  constructor() {
    subscribe('waldo:upload-retry', this.#retried);
    subscribe('waldo:upload', this.#shipped);
  }

  /**
   * Shows the line.
   * @param tip the log at which the upload ends, if it does
   */
  show(uploader: Uploader, tip: number | undefined): void {
    const { position: start } = uploader.stats();
    this.#line = new ProgressLine(() => {
      const stats = uploader.stats();
      const text = this.#describe(stats);
      if (tip === undefined) return text;
      const fraction = tip <= start ? 1 : Math.min(1, (stats.position - start) / (tip - start));
      return progressBar(fraction, text, process.stderr.columns || 80);
    });
  }

  /** A message; the line comes back below it. */
  note(message: string): void {
    this.#line?.clear();
    note(message);
  }

  /** Clears the line. */
  stop(): void {
    unsubscribe('waldo:upload-retry', this.#retried);
    unsubscribe('waldo:upload', this.#shipped);
    this.#line?.stop();
  }

  #fails(error: Error): void {
    if (this.#failing) return;
    this.#failing = true;
    this.note(`${error.message}; trying again`);
  }

  #describe({ logs, bytes, batches, lag, retries }: UploaderStats): string {
    return [
      countOf(logs, 'log'),
      formatSize(bytes),
      formatRate(this.#rate.perSecond(bytes)),
      `lag ${formatCount(lag)}`,
      countOf(batches, 'batch', 'batches'),
      ...(retries === 0 ? [] : [countOf(retries, 'retry', 'retries')]),
    ].join(', ');
  }
}
