import { expect, test } from '@jest/globals';
import { Test } from '@nestjs/testing';
import { assemble } from './assemble.js';

const CLOCK = Symbol('Clock');
const NAME = Symbol('Name');

class Positional {
  constructor(
    readonly clock: number,
    readonly name: string,
  ) {}
}

class Named {
  constructor(
    readonly deps: { readonly name: string; readonly clock: number; readonly extra?: 1 },
  ) {}
}

test('each constructor parameter gets what its own token stands for', async () => {
  const module = await Test.createTestingModule({
    providers: [
      { provide: CLOCK, useValue: 7 },
      { provide: NAME, useValue: 'alice' },
      { provide: Positional, ...assemble(Positional, [CLOCK, NAME]) },
      { provide: Named, ...assemble(Named, { clock: CLOCK, name: NAME }) },
    ],
  }).compile();
  expect(module.get(Positional)).toEqual(new Positional(7, 'alice'));
  expect(module.get(Named)).toEqual(new Named({ name: 'alice', clock: 7 }));
});

test('a token too few is found by the compiler', () => {
  // @ts-expect-error the name is missing
  assemble(Positional, [CLOCK]);
  // @ts-expect-error the clock is missing
  assemble(Named, { name: NAME });
});
