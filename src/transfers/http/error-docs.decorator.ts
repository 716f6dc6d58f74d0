import { applyDecorators } from '@nestjs/common';
import { ApiExtraModels, ApiProperty, ApiPropertyOptional, ApiResponse } from '@nestjs/swagger';

/** The one shape of every error, for the OpenAPI document. */
export class GeneralErrorResponse {
  @ApiProperty({ description: 'What went wrong, and what to do: a sentence for people.' })
  message!: string;

  @ApiPropertyOptional({ description: 'More about it.' })
  details?: string;

  @ApiProperty({ description: 'What went wrong, for programs.', example: 'INVALID_REQUEST' })
  code!: string;

  @ApiProperty({ description: "Names this request in the service's log." })
  requestId!: string;
}

/** What one status of an operation means. */
export interface DocumentedError {
  readonly status: number;
  /** When it is answered. */
  readonly description: string;
  readonly code: string;
  /** A message as it may be answered. */
  readonly message: string;
  /** The answer carries `Retry-After`. */
  readonly retryAfter?: boolean;
}

/** Documents the errors of an operation, each with an example. */
export function ApiErrors(...errors: readonly DocumentedError[]): MethodDecorator {
  return applyDecorators(
    ApiExtraModels(GeneralErrorResponse),
    ...errors.map(({ status, description, code, message, retryAfter }) =>
      ApiResponse({
        status,
        description,
        ...(retryAfter === true
          ? {
              headers: {
                'Retry-After': {
                  description: 'Seconds after which to ask again.',
                  schema: { type: 'integer' as const },
                },
              },
            }
          : {}),
        content: {
          'application/json': {
            schema: { $ref: '#/components/schemas/GeneralErrorResponse' },
            example: { message, code, requestId: '5f0c2a9e-6b1d-4c55-8a57-0c7e7ad2f3b1' },
          },
        },
      }),
    ),
  );
}
