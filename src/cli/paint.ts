import { styleText } from 'node:util';

/** The colours that commands use. */
export type Colour = 'green' | 'red' | 'yellow' | 'gray';

/** Gives a text a colour, or leaves it as it is. */
export type Paint = (colour: Colour, text: string) => string;

/** @param colours whether the output may hold colours, as the terminal says */
export function painter(colours: boolean): Paint {
  // The terminal has been looked at already; the library would look at another stream.
  return (colour, text) => (colours ? styleText(colour, text, { validateStream: false }) : text);
}
