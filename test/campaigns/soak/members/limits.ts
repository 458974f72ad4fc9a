import { LOG_BYTES } from '../log-size.js';
import { assignment } from './member.js';

/** Less than the ring has, so that tails that lag read from the disk. */
export const CACHE_BYTES = 1024 * 1024;

const { ringSize, fileCapacity, rate } = assignment;

/** Milliseconds in which the writer fills a page, about. */
const PAGE_MS = (fileCapacity / LOG_BYTES / rate) * 1000;

/** Milliseconds between two chunks for those who lag on purpose: some of them are lapped. */
export const LONGEST_PAUSE_MS = PAGE_MS * ringSize;
