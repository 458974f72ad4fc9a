/** `67108864` → `64 MiB`; at most one decimal, exact sizes without any. */
export function formatSize(bytes: number): string {
  const names = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  let value = bytes;
  let unit = 0;
  while (value >= 1024 && unit < names.length - 1) {
    value /= 1024;
    unit++;
  }
  const digits = Number.isInteger(value) ? 0 : 1;
  return `${value.toFixed(digits)} ${names[unit]}`;
}

/** `1234567` → `1,234,567`, whatever the machine's locale. */
export function formatCount(value: number): string {
  return value.toLocaleString('en-US');
}

/** `n` and a noun, in the plural where it belongs: `1 log`, `2 logs`. */
export function countOf(value: number, singular: string, plural = `${singular}s`): string {
  return `${formatCount(value)} ${value === 1 ? singular : plural}`;
}
