import { describe, expect, it } from '@jest/globals';
import { Section, Setting, settingsOf } from './define-setting.js';
import { FacilitySettings } from './facility-settings.js';
import { flag, wholeNumber } from './value-kinds.js';

const SPEC = { description: 'A number.', example: 2, reload: 'live' } as const;

describe('a settings class', () => {
  it('lists its settings in the order of its members, with their defaults', () => {
    class Inner {
      @Setting({ ...SPEC, kind: wholeNumber(1), key: 'inSeconds' })
      readonly seconds: number = 5;
    }
    class Outer {
      @Setting({ ...SPEC, kind: wholeNumber(1), required: true })
      readonly last!: number;

      @Section(Inner, 'More.')
      readonly inner: Inner = new Inner();

      @Setting({ ...SPEC, kind: flag(), example: true, unset: 'something else' })
      readonly first: boolean | undefined;
    }
    const known = settingsOf(Outer).map(({ name, initial, section }) => [name, initial, section]);
    expect(known).toEqual([
      ['last', undefined, undefined],
      ['inner', new Inner(), Inner],
      ['first', undefined, undefined],
    ]);
    expect(settingsOf(Inner)).toMatchObject([{ key: 'inSeconds', name: 'seconds', initial: 5 }]);
  });

  it('refuses a member that could never be set', () => {
    class Forgotten {
      readonly retries: number = 3;
    }
    expect(() => settingsOf(Forgotten)).toThrow('Forgotten.retries lacks a @Setting.');
  });

  it('refuses a setting that does not state what applies when it is not set', () => {
    class Unclear {
      @Setting({ ...SPEC, kind: wholeNumber(1) })
      readonly retries: number | undefined;
    }
    expect(() => settingsOf(Unclear)).toThrow(
      'Unclear.retries needs an initial value, "required" or "unset".',
    );
  });

  it('refuses a kind of value that does not match the type of the member', () => {
    class Mismatch extends FacilitySettings {
      // @ts-expect-error: a number is no flag
      @Setting({ ...SPEC, kind: wholeNumber(1) })
      readonly notify: boolean = true;
    }
    expect(Mismatch.name).toBe('Mismatch');
  });
});
