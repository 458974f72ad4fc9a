import { BlobServiceClient } from '@azure/storage-blob';
import { freePort, installed, ServerProcess } from './server-process.js';

const CONTAINER = 'waldo-test';
const ACCOUNT = 'waldotest';
/** Made up, in the form that the emulator asks for. */
export const AZURE_KEY = Buffer.from('the key of an account that only an emulator has').toString('base64');

/** Starts Azurite with an empty container, on the loopback interface. */
export async function startAzure(): Promise<{ url: string; endpoint: string; stop(): Promise<void> }> {
  const port = await freePort();
  const endpoint = `http://127.0.0.1:${port}/${ACCOUNT}`;
  const server = new ServerProcess({
    command: process.execPath,
    args: [
      installed('node_modules', 'azurite', 'dist', 'src', 'blob', 'main.js'),
      ...['--blobPort', String(port), '--inMemoryPersistence', '--silent', '--disableTelemetry'],
      // It is older than the SDK. What the store asks for has been there for long.
      '--skipApiVersionCheck',
    ],
    env: { AZURITE_ACCOUNTS: `${ACCOUNT}:${AZURE_KEY}` },
    port,
  });
  const connection = `DefaultEndpointsProtocol=http;AccountName=${ACCOUNT};AccountKey=${AZURE_KEY};BlobEndpoint=${endpoint};`;
  try {
    await server.start();
    process.env.AZURE_STORAGE_CONNECTION_STRING = connection;
    await BlobServiceClient.fromConnectionString(connection).createContainer(CONTAINER);
  } catch (error) {
    await server.stop();
    throw error;
  }
  const url = `az://${CONTAINER}/some/prefix?endpoint=${encodeURIComponent(endpoint)}`;
  return { url, endpoint, stop: () => server.stop() };
}
