/** Bytes of a numbered log in the ring, on average. */
export const LOG_BYTES = 800;
