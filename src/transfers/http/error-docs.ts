import { applyDecorators } from '@nestjs/common';
import { ApiExtraModels, ApiProperty, ApiPropertyOptional, ApiResponse } from '@nestjs/swagger';
import { type ErrorCode, errorStatus } from '../../errors/error-status.js';

/** The one shape of every error, for the OpenAPI document. */
class GeneralErrorResponse {
  @ApiProperty({ description: 'What went wrong and what to do about it, as a sentence.' })
  message!: string;

  @ApiPropertyOptional({ description: 'More about the error.' })
  details?: string;

  @ApiProperty({ description: 'What went wrong, for programs.', example: 'INVALID_REQUEST' })
  code!: string;

  @ApiProperty({ description: "Identifies this request in the service's log." })
  requestId!: string;
}

/** What one status of an operation means. */
export interface DocumentedError {
  readonly status: number;
  /** When it is answered. */
  readonly description: string;
  readonly code: ErrorCode;
  /** A message as it may be answered. */
  readonly message: string;
}

/** Documents the errors of an operation, each with an example. */
export function ApiErrors(...errors: readonly DocumentedError[]): MethodDecorator {
  return applyDecorators(
    ApiExtraModels(GeneralErrorResponse),
    ...errors.map(({ status, description, code, message }) =>
      ApiResponse({
        status,
        description,
        ...(errorStatus[code].retryable && status !== 500
          ? { headers: { 'Retry-After': RETRY_AFTER } }
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

const RETRY_AFTER = {
  description: 'Seconds to wait before retrying.',
  schema: { type: 'integer' as const },
};

export const BAD_REQUEST: DocumentedError = {
  status: 400,
  description:
    'A parameter, the body, a path or the dataset is invalid, or Globus refuses the transfer for good.',
  code: 'INVALID_REQUEST',
  message: 'The file list is empty. Leave it out to transfer the whole dataset folder.',
};

export const BAD_PREVIEW_REQUEST: DocumentedError = {
  ...BAD_REQUEST,
  description: 'A parameter, the body, a path or the dataset is invalid.',
};

export const UNAUTHENTICATED: DocumentedError = {
  status: 401,
  description: 'The SciCat token is missing, invalid or expired.',
  code: 'UNAUTHENTICATED',
  message: 'There is no SciCat token with this request. Send it in the header SciCat-API-Key.',
};

export const FORBIDDEN: DocumentedError = {
  status: 403,
  description:
    'Unknown facility, wrong direction, no access to a facility, or a dataset of another group.',
  code: 'ACCESS_DENIED',
  message: 'There is no facility named "EXAMPLE"; the facilities here are EXAMPLE-SOURCE.',
};

export const FORBIDDEN_NAME: DocumentedError = {
  status: 403,
  description: 'SciCat hides your user name from this service.',
  code: 'ACCESS_DENIED',
  message:
    'SciCat hides your user name from this service, because it looks like an e-mail address and personal information is masked. Ask the SciCat administrators to let this service see it.',
};

export const FORBIDDEN_JOB: DocumentedError = {
  status: 403,
  description: 'The transfer belongs neither to you nor to one of your groups.',
  code: 'ACCESS_DENIED',
  message:
    'Transfer 8f14e45f-ceea-467f-a9d8-3c1e5a7b2d90 belongs to another user, and you are not in its owner group.',
};

export const NO_SUCH_JOB: DocumentedError = {
  status: 404,
  description: 'Transfer not found.',
  code: 'JOB_NOT_FOUND',
  message: 'There is no transfer with id 8f14e45f-ceea-467f-a9d8-3c1e5a7b2d90.',
};

export const NO_SUCH_OPEN_JOB: DocumentedError = {
  status: 400,
  description: 'Transfer not found, or it has already ended and `delete` is not set.',
  code: 'ALREADY_ENDED',
  message:
    'Transfer 8f14e45f-ceea-467f-a9d8-3c1e5a7b2d90 has already ended, so there is nothing to cancel. Add delete=true to remove its job.',
};

export const INTERNAL: DocumentedError = {
  status: 500,
  description: 'Internal error.',
  code: 'INTERNAL',
  message: 'Internal error. Report the request id to the operator.',
};

export const UNAVAILABLE: DocumentedError = {
  status: 503,
  description:
    'SciCat is unreachable, the service is starting or overloaded, the queue is full, or too many wrong tokens came from your address.',
  code: 'QUEUE_FULL',
  message: 'The waiting queue is full: 100 transfers wait already. Please try again later.',
};

export const SCICAT_UNAVAILABLE: DocumentedError = {
  status: 503,
  description:
    'SciCat is unreachable, the service is overloaded, or too many wrong tokens came from your address.',
  code: 'UPSTREAM_UNAVAILABLE',
  message: 'SciCat is not reachable at the moment; please try again later.',
};

export const CANCEL_UNAVAILABLE: DocumentedError = {
  status: 500,
  description: 'SciCat is unreachable, the service is starting, or an internal error occurred.',
  code: 'UPSTREAM_UNAVAILABLE',
  message: 'SciCat is not reachable at the moment; please try again later.',
};
