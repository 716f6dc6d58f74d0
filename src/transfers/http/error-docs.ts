import { applyDecorators } from '@nestjs/common';
import { ApiExtraModels, ApiResponse } from '@nestjs/swagger';
import { type ErrorCode, errorStatus } from '../../errors/error-status.js';
import { ApiField, EXAMPLE_JOB, OPTIONAL } from './api-field.js';

class GeneralErrorResponse {
  // Always there. Documented as optional, because the Ingestor's code depends on that.
  @ApiField(
    'What went wrong and what to do about it, in one or more sentences.',
    undefined,
    OPTIONAL,
  )
  message!: string;

  @ApiField('Additional information about the error.', undefined, OPTIONAL)
  details?: string;

  @ApiField('Machine-readable error code.', 'INVALID_REQUEST')
  code!: string;

  @ApiField("Identifies this request in the service's log.")
  requestId!: string;
}

const SCICAT_DOWN = 'SciCat is unreachable. Please try again in a few minutes.';

const DISK_FULL =
  "The holds of facilities could not be stored: this service's disk is full (ENOSPC). An operator must check dataDir.";

/** Errors of the operations: status, code, description, and an example of a message. */
const ERRORS = {
  BAD_REQUEST: [
    400,
    'INVALID_REQUEST',
    'A parameter, the request body, a path or the dataset is invalid, or Globus permanently rejects the transfer.',
    'The file list is empty. Leave it out to transfer the whole dataset folder.',
  ],
  BAD_PREVIEW_REQUEST: [
    400,
    'INVALID_REQUEST',
    'A parameter, the request body, a path or the dataset is invalid.',
    'The file list is empty. Leave it out to transfer the whole dataset folder.',
  ],
  BAD_PARAMETER: [
    400,
    'INVALID_REQUEST',
    'A parameter is invalid.',
    'Parameter page must be a whole number from 1 to 100000.',
  ],
  BAD_ID: [
    400,
    'INVALID_REQUEST',
    'The id of the transfer is not a UUID.',
    'The id of a transfer must be a UUID, as returned by POST /transfer.',
  ],
  NOT_CANCELLABLE: [
    400,
    'ALREADY_ENDED',
    'The transfer does not exist, or it has already ended and `delete` is not set.',
    `Transfer ${EXAMPLE_JOB} has already ended, so there is nothing to cancel. Add delete=true to remove its job.`,
  ],
  UNAUTHENTICATED: [
    401,
    'UNAUTHENTICATED',
    'The SciCat token is missing, invalid or expired.',
    'No SciCat token provided. Send it in the header SciCat-API-Key.',
  ],
  FORBIDDEN: [
    403,
    'ACCESS_DENIED',
    'The facility is unknown or does not support this direction, you have no access to it, or you are not in the owner group of the dataset.',
    'Unknown facility "EXAMPLE". Available facilities: EXAMPLE-SOURCE.',
  ],
  FORBIDDEN_NAME: [
    403,
    'ACCESS_DENIED',
    'SciCat hides your user name from this service.',
    'SciCat hides your user name from this service, because it looks like an e-mail address and personal information is masked. Ask the SciCat administrators to let this service see it.',
  ],
  FORBIDDEN_JOB: [
    403,
    'ACCESS_DENIED',
    'The transfer belongs neither to you nor to one of your groups.',
    `Transfer ${EXAMPLE_JOB} belongs to another user, and you are not in its owner group.`,
  ],
  JOB_NOT_FOUND: [
    404,
    'JOB_NOT_FOUND',
    'The transfer does not exist.',
    `Transfer ${EXAMPLE_JOB} not found.`,
  ],
  BAD_HOLD: [
    400,
    'INVALID_REQUEST',
    'The message or the end of the hold is missing or invalid.',
    'The request is invalid: until is in the past.',
  ],
  FORBIDDEN_TO_OTHERS: [
    403,
    'ACCESS_DENIED',
    'You are not an operator of the service.',
    'You are not an operator of this service.',
  ],
  FORBIDDEN_LIST: [
    403,
    'ACCESS_DENIED',
    'With `all=true`: you are not an operator of the service.',
    'You are not an operator of this service.',
  ],
  FACILITY_NOT_FOUND: [
    404,
    'FACILITY_NOT_FOUND',
    'No facility has this name.',
    'Unknown facility "EXAMPLE". Available facilities: EXAMPLE-SOURCE, EXAMPLE-ARCHIVE.',
  ],
  INTERNAL: [
    500,
    'INTERNAL',
    'Internal error.',
    'Internal error. Report the request id to the operator.',
  ],
  CANCEL_UNAVAILABLE: [
    500,
    'UPSTREAM_UNAVAILABLE',
    'SciCat is unreachable, the service is starting, stopping or overloaded, too many invalid tokens were sent from your address, or an internal error occurred.',
    SCICAT_DOWN,
  ],
  HOLD_UNAVAILABLE: [
    503,
    'SPOOL_UNAVAILABLE',
    "SciCat is unreachable, the service's data folder can't be written, the service is stopping or overloaded, or too many invalid tokens were sent from your address.",
    DISK_FULL,
  ],
  RELEASE_UNAVAILABLE: [
    500,
    'SPOOL_UNAVAILABLE',
    "SciCat is unreachable, the service's data folder can't be written, the service is stopping or overloaded, too many invalid tokens were sent from your address, or an internal error occurred.",
    DISK_FULL,
  ],
  UNAVAILABLE: [
    503,
    'QUEUE_FULL',
    'SciCat is unreachable, the service is starting, stopping or overloaded, the queue is full, there is no space for the file list, or too many invalid tokens were sent from your address.',
    'The queue is full: 100 transfers are already waiting. Please try again later.',
  ],
  SCICAT_UNAVAILABLE: [
    503,
    'UPSTREAM_UNAVAILABLE',
    'SciCat is unreachable, the service is overloaded, or too many invalid tokens were sent from your address.',
    SCICAT_DOWN,
  ],
} satisfies Readonly<Record<string, readonly [number, ErrorCode, string, string]>>;

/** Documents the errors of an operation, each with an example. */
export function ApiErrors(...names: readonly (keyof typeof ERRORS)[]): MethodDecorator {
  const responses = names.map((name) => {
    const [status, code, description, message] = ERRORS[name];
    return ApiResponse({
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
    });
  });
  return applyDecorators(ApiExtraModels(GeneralErrorResponse), ...responses);
}

const RETRY_AFTER = {
  description: 'Seconds to wait before retrying.',
  schema: { type: 'integer' as const },
};
