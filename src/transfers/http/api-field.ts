import { ApiProperty, type ApiPropertyOptions } from '@nestjs/swagger';

/** Documents a field of a request or response. */
export function ApiField(
  description: string,
  example?: unknown,
  options: ApiPropertyOptions = {},
): PropertyDecorator {
  return ApiProperty({ description, ...(example === undefined ? {} : { example }), ...options });
}

/** Options of a field that may be absent. */
export const OPTIONAL = { required: false } as const;
/** Options of an optional count. */
export const COUNT = { type: 'integer', minimum: 0, required: false } as const;
/** Keeps an optional string a plain one in Go clients: the Ingestor's code depends on it. */
export const NO_POINTER_IN_GO = { 'x-go-type-skip-optional-pointer': true } as const;

export const EXAMPLE_PID = '20.500.12345/2f9e0b5c-6a51-4c3e-9d41-0f0c8e1b7a22';
export const EXAMPLE_JOB = '8f14e45f-ceea-467f-a9d8-3c1e5a7b2d90';
