import { openObjectStore } from '../../src/buffer/object-store/open.js';
import { conforms } from '../buffer/object-store/conformance.js';
import { type S3Server, startS3 } from './support/s3-server.js';

let server: S3Server | undefined;

conforms('s3', {
  open: async () => {
    server = await startS3();
    return openObjectStore(server.url);
  },
  close: async () => server?.stop(),
});
