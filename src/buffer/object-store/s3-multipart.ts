import type * as Sdk from '@aws-sdk/client-s3';
import type { S3Command } from './s3.js';

/** When an object is uploaded in parts, and how long they are, in bytes. */
export interface Multipart {
  readonly threshold: number;
  /** More where 10,000 of them would not do. */
  readonly partBytes: number;
}

const MAX_PARTS = 10_000;
const PARTS_AT_ONCE = 4;
const MiB = 1024 ** 2;

type Send = <I extends Sdk.ServiceInputTypes, O extends Sdk.ServiceOutputTypes>(
  command: S3Command<I, O>,
) => Promise<O>;

export interface PartsUpload {
  readonly sdk: typeof Sdk;
  readonly send: Send;
  /** Sends what no signal ends. */
  readonly giveUp: Send;
  readonly object: {
    readonly Bucket: string;
    readonly Key: string;
    readonly Metadata: Record<string, string>;
  };
  readonly body: Uint8Array;
  /** Of the last request, which makes the parts the object. */
  readonly condition: { readonly IfNoneMatch?: string; readonly IfMatch?: string };
  readonly partBytes: number;
}

/** Uploads an object in parts, some at a time. When it fails, the parts are removed. */
export async function uploadParts(upload: PartsUpload): Promise<{ ETag?: string | undefined }> {
  const { sdk, object, send, giveUp, condition } = upload;
  const { Bucket, Key } = object;
  const { UploadId } = await send(new sdk.CreateMultipartUploadCommand(object));
  try {
    const Parts = await sendParts(upload, UploadId);
    return await send(
      new sdk.CompleteMultipartUploadCommand({
        Bucket,
        Key,
        UploadId,
        MultipartUpload: { Parts },
        ...condition,
      }),
    );
  } catch (error) {
    // Else they would be paid for until the bucket's rules remove them. What went wrong first is what counts.
    await giveUp(new sdk.AbortMultipartUploadCommand({ Bucket, Key, UploadId })).catch(() => {});
    throw error;
  }
}

async function sendParts(
  { sdk, object, send, body, partBytes }: PartsUpload,
  UploadId: string | undefined,
): Promise<Sdk.CompletedPart[]> {
  const { Bucket, Key } = object;
  const bytes = Math.max(partBytes, Math.ceil(body.length / MAX_PARTS / MiB) * MiB);
  const count = Math.ceil(body.length / bytes);
  const parts = new Array<Sdk.CompletedPart>(count);
  let next = 0;
  let failed = false;
  const worker = async () => {
    while (next < count && !failed) {
      const index = next++;
      const PartNumber = index + 1;
      const Body = body.subarray(index * bytes, (index + 1) * bytes);
      try {
        const { ETag } = await send(new sdk.UploadPartCommand({ Bucket, Key, UploadId, PartNumber, Body }));
        parts[index] = { PartNumber, ETag };
      } catch (error) {
        failed = true;
        throw error;
      }
    }
  };
  // All have ended before the upload is given up: a part that arrives later would stay.
  const workers = await Promise.allSettled(Array.from({ length: PARTS_AT_ONCE }, worker));
  for (const result of workers) if (result.status === 'rejected') throw result.reason;
  return parts;
}
