import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { freePort, installed, ServerProcess } from './server-process.js';

const BUCKET = 'waldo-test';
const REGION = 'us-east-1';

/** What the SDK finds its credentials in. */
export const S3_ENVIRONMENT = {
  AWS_ACCESS_KEY_ID: 'waldo-test-access',
  AWS_SECRET_ACCESS_KEY: 'waldo-test-secret',
} as const;

export interface S3Server {
  /** `s3://bucket?endpoint=…&region=…`, for openObjectStore. */
  readonly url: string;
  /** `http://127.0.0.1:port`. */
  readonly endpoint: string;
  readonly bucket: string;
  readonly port: number;
  /** To be set in the environment of whoever opens the URL; {@link startS3} sets it in this process. */
  readonly env: Readonly<Record<string, string>>;
  /** Ends the server and removes its files. */
  stop(): Promise<void>;
  /** SIGKILL; the files stay. */
  kill(): Promise<void>;
  /** Starts it again after {@link S3Server.kill}, on the same port and files. */
  restart(): Promise<void>;
}

/** The URL of a bucket on a server at `endpoint`. */
export function s3Url(endpoint: string, bucket = BUCKET, prefix = ''): string {
  return `s3://${bucket}${prefix && `/${prefix}`}?endpoint=${encodeURIComponent(endpoint)}&region=${REGION}`;
}

/**
 * Starts an S3 server (versitygw, with conditional writes) with an empty bucket, on the loopback interface.
 */
export async function startS3(): Promise<S3Server> {
  const command = installed('bin', 'versitygw');
  const files = mkdtempSync(join(tmpdir(), 'waldo-s3-'));
  const port = await freePort();
  const endpoint = `http://127.0.0.1:${port}`;
  const server = new ServerProcess({
    command,
    args: ['--port', `127.0.0.1:${port}`, '--region', REGION, '--quiet', 'posix', files],
    env: {
      ROOT_ACCESS_KEY: S3_ENVIRONMENT.AWS_ACCESS_KEY_ID,
      ROOT_SECRET_KEY: S3_ENVIRONMENT.AWS_SECRET_ACCESS_KEY,
    },
    port,
  });
  const stop = async () => {
    await server.stop();
    rmSync(files, { recursive: true, force: true });
  };
  try {
    await server.start();
    Object.assign(process.env, S3_ENVIRONMENT);
    const client = new S3Client({ endpoint, region: REGION, forcePathStyle: true });
    await client.send(new CreateBucketCommand({ Bucket: BUCKET }));
    client.destroy();
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    url: s3Url(endpoint),
    endpoint,
    bucket: BUCKET,
    port,
    env: S3_ENVIRONMENT,
    stop,
    kill: () => server.stop('SIGKILL'),
    restart: () => server.start(),
  };
}
