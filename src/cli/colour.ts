/** What is needed to know of an output: process.stdout, for example. */
export type ColourOutput = Pick<NodeJS.WriteStream, 'isTTY' | 'hasColors'>;

/** Whether colours are shown: only on terminals that have them, and never with NO_COLOR. */
export function hasColours(output: ColourOutput): boolean {
  return output.isTTY === true && output.hasColors(16);
}

const CODES = {
  bold: [1, 22],
  dim: [2, 22],
  red: [31, 39],
  green: [32, 39],
  yellow: [33, 39],
  cyan: [36, 39],
};

export type Style = keyof typeof CODES;

/** Puts text into a style. */
export type Paint = (style: Style, text: string) => string;

/** Paints, or leaves text as it is. */
export function painter(colours: boolean): Paint {
  if (!colours) return (_style, text) => text;
  return (style, text) => `\x1b[${CODES[style][0]}m${text}\x1b[${CODES[style][1]}m`;
}
