import { ulid } from 'ulid';

// A ring's id is a ULID: 128 bits, the first 48 of which are the milliseconds of its creation. On disk it is
// 16 bytes, the most significant first; for people it is 26 characters of Crockford's base 32.
const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
const BYTES = 16;
const CHARACTERS = 26;

export function newRingId(): Uint8Array {
  return decodeRingId(ulid());
}

export function decodeRingId(text: string): Uint8Array {
  let value = 0n;
  for (const character of text) value = (value << 5n) | BigInt(ALPHABET.indexOf(character));
  const bytes = new Uint8Array(BYTES);
  for (let i = BYTES - 1; i >= 0; i--, value >>= 8n) bytes[i] = Number(value & 0xffn);
  return bytes;
}

export function encodeRingId(bytes: Uint8Array): string {
  let value = 0n;
  for (const byte of bytes) value = (value << 8n) | BigInt(byte);
  let text = '';
  for (let i = 0; i < CHARACTERS; i++, value >>= 5n) text = ALPHABET[Number(value & 31n)] + text;
  return text;
}
