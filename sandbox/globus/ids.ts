const alphanumerics = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

/**
 * A seeded random number generator (mulberry32).
 *
 * @returns a function that returns numbers from 0 (included) to 1 (excluded)
 */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

/** Generates all ids and tokens from one random number generator. */
export class Ids {
  constructor(private readonly random: () => number) {}

  /** A version 4 UUID. */
  uuid(): string {
    const hex = this.hex(8) + this.hex(8) + this.hex(8) + this.hex(8);
    const variant = '89ab'.charAt(Math.floor(this.random() * 4));
    return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20)}`;
  }

  /** Globus's request ids: nine letters and digits. */
  requestId(): string {
    return this.text(9);
  }

  token(): string {
    return `Ag${this.text(48)}`;
  }

  private hex(length: number): string {
    return Math.floor(this.random() * 4294967296)
      .toString(16)
      .padStart(length, '0');
  }

  private text(length: number): string {
    let text = '';
    for (let index = 0; index < length; index += 1) {
      text += alphanumerics.charAt(Math.floor(this.random() * alphanumerics.length));
    }
    return text;
  }
}
