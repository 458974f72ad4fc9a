import { Storage } from '@google-cloud/storage';
import { freePort, installed, ServerProcess } from './server-process.js';

const BUCKET = 'waldo-test';

/** Starts an emulator of Google Cloud Storage with an empty bucket, on the loopback interface. */
export async function startGoogle(): Promise<{ url: string; endpoint: string; stop(): Promise<void> }> {
  const port = await freePort();
  const endpoint = `http://127.0.0.1:${port}`;
  const server = new ServerProcess({
    command: installed('bin', 'fake-gcs-server'),
    args: ['-scheme', 'http', '-host', '127.0.0.1', '-port', String(port), '-backend', 'memory'].concat(
      ['-public-host', `127.0.0.1:${port}`, '-log-level', 'error'],
      ['-external-url', endpoint],
    ),
    port,
  });
  try {
    await server.start();
    await new Storage({ apiEndpoint: endpoint, projectId: 'none' }).createBucket(BUCKET);
  } catch (error) {
    await server.stop();
    throw error;
  }
  const url = `gs://${BUCKET}/some/prefix?endpoint=${encodeURIComponent(endpoint)}`;
  return { url, endpoint, stop: () => server.stop() };
}
