import { openObjectStore } from '../../src/buffer/object-store/open.js';
import { conforms } from '../buffer/object-store/conformance.js';
import { startGoogle } from './support/google-server.js';

let server: Awaited<ReturnType<typeof startGoogle>> | undefined;

conforms('gs', {
  open: async () => {
    server = await startGoogle();
    return openObjectStore(server.url);
  },
  close: async () => server?.stop(),
});
