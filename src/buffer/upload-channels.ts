import { channel } from 'node:diagnostics_channel';

/** What the channels of uploaders publish, by their names. Messages are frozen. */
export interface UploadChannels {
  'waldo:upload': UploadMessage;
  'waldo:upload-retry': UploadRetryMessage;
  'waldo:upload-gap': UploadGapMessage;
}

/** Logs are stored, and in the manifest. */
export interface UploadMessage {
  /** The ring's. */
  readonly directory: string;
  /** The object store's URL. */
  readonly store: string;
  readonly firstSeqNo: number;
  readonly lastSeqNo: number;
  readonly logs: number;
  /** Bytes of these logs' data. */
  readonly bytes: number;
  /** The batch's place in the manifest. */
  readonly sequence: number;
  /** The batch object's key. */
  readonly location: string;
  /** From when the batch was closed to when it was in the manifest. */
  readonly milliseconds: number;
}

/** The object store has failed, and is tried again. */
export interface UploadRetryMessage {
  readonly directory: string;
  readonly store: string;
  readonly error: Error;
  /** Failures in a row of what is tried. */
  readonly attempt: number;
}

/** Logs of the ring cannot be shipped: they are not there any more. */
export interface UploadGapMessage extends UploadGap {
  readonly directory: string;
  readonly store: string;
}

/** Logs that the ring does not have any more. */
export interface UploadGap {
  /** The last log before them that was read; 0 before all. */
  readonly afterSeqNo: number;
  /** `WALDO_TRIMMED` if the ring has overwritten them, `WALDO_CORRUPT` if they are damaged. */
  readonly error: Error;
}

/** Publishes a message that is only made if somebody listens. */
export function publish<Name extends keyof UploadChannels>(
  name: Name,
  message: () => UploadChannels[Name],
): void {
  const target = channels[name];
  if (target.hasSubscribers) target.publish(Object.freeze(message()));
}

const channels = {
  'waldo:upload': channel('waldo:upload'),
  'waldo:upload-retry': channel('waldo:upload-retry'),
  'waldo:upload-gap': channel('waldo:upload-gap'),
};
