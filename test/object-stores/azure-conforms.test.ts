import { openObjectStore } from '../../src/buffer/object-store/open.js';
import { conforms } from '../buffer/object-store/conformance.js';
import { startAzure } from './support/azure-server.js';

let server: Awaited<ReturnType<typeof startAzure>> | undefined;

conforms('az', {
  open: async () => {
    server = await startAzure();
    return openObjectStore(server.url);
  },
  close: async () => server?.stop(),
});
