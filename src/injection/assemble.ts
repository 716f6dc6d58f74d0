import type { FactoryProvider, InjectionToken } from '@nestjs/common';

type Constructor = new (...parameters: never[]) => unknown;

/** A token for each constructor parameter, or for each field of the only parameter. */
type TokensOf<Parameters extends readonly unknown[]> =
  | { readonly [Index in keyof Parameters]: InjectionToken }
  | (Parameters extends readonly [infer Deps extends object]
      ? { readonly [Name in keyof Deps]: InjectionToken }
      : never);

/**
 * A factory provider, without `provide`, for a class without decorators. `tokens` are those of the
 * constructor's parameters, or of the fields of its only parameter.
 *
 * @example
 * { provide: LookUpTransfers, ...assemble(LookUpTransfers, { jobs: TRANSFER_JOBS, clock: CLOCK }) }
 * { provide: RequestMetrics, ...assemble(RequestMetrics, [Registry]) }
 */
export function assemble<C extends Constructor>(
  type: C,
  tokens: TokensOf<ConstructorParameters<C>>,
): Pick<FactoryProvider<InstanceType<C>>, 'useFactory' | 'inject'> {
  const entries = Object.entries(tokens as Readonly<Record<string, InjectionToken>>);
  const make = type as unknown as new (...parameters: readonly unknown[]) => InstanceType<C>;
  return {
    inject: entries.map(([, token]) => token),
    useFactory: (...values: readonly unknown[]) =>
      Array.isArray(tokens)
        ? new make(...values)
        : new make(Object.fromEntries(entries.map(([name], index) => [name, values[index]]))),
  };
}
