import type { DocumentedError } from './error-docs.decorator.js';

export const BAD_REQUEST: DocumentedError = {
  status: 400,
  description:
    'A parameter, the body, a path or the dataset is not usable, or Globus refuses the transfer for good.',
  code: 'INVALID_REQUEST',
  message: 'The file list is empty. Leave it out to transfer the whole dataset folder.',
};

export const BAD_PREVIEW_REQUEST: DocumentedError = {
  ...BAD_REQUEST,
  description: 'A parameter, the body, a path or the dataset is not usable.',
};

export const UNAUTHENTICATED: DocumentedError = {
  status: 401,
  description: 'There is no SciCat token, or SciCat does not accept it (any more).',
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
  description: 'The transfer is neither yours nor one of your groups.',
  code: 'ACCESS_DENIED',
  message:
    'Transfer 8f14e45f-ceea-467f-a9d8-3c1e5a7b2d90 belongs to somebody else, and you are not in its owner group.',
};

export const NO_SUCH_JOB: DocumentedError = {
  status: 404,
  description: 'There is no such transfer.',
  code: 'JOB_NOT_FOUND',
  message: 'There is no transfer with id 8f14e45f-ceea-467f-a9d8-3c1e5a7b2d90.',
};

export const NO_SUCH_OPEN_JOB: DocumentedError = {
  status: 400,
  description: 'There is no such transfer, or it has ended already and delete is not set.',
  code: 'ALREADY_ENDED',
  message:
    'Transfer 8f14e45f-ceea-467f-a9d8-3c1e5a7b2d90 has ended already, so there is nothing to cancel; add delete=true to remove its job.',
};

export const INTERNAL: DocumentedError = {
  status: 500,
  description: 'The service met an error of its own.',
  code: 'INTERNAL',
  message: 'The service met an error of its own. Tell the operator the request id.',
};

export const UNAVAILABLE: DocumentedError = {
  status: 503,
  description:
    'SciCat is not reachable, the service is starting or has too much to do, the waiting queue is full, or too many wrong tokens came from the address of the caller.',
  code: 'QUEUE_FULL',
  message: 'The waiting queue is full: 100 transfers wait already. Please try again later.',
  retryAfter: true,
};

export const SCICAT_UNAVAILABLE: DocumentedError = {
  status: 503,
  description:
    'SciCat is not reachable, the service has too much to do, or too many wrong tokens came from the address of the caller.',
  code: 'UPSTREAM_UNAVAILABLE',
  message: 'SciCat is not reachable at the moment; please try again later.',
  retryAfter: true,
};

export const CANCEL_UNAVAILABLE: DocumentedError = {
  status: 500,
  description: 'SciCat is not reachable, the service is starting, or it met an error of its own.',
  code: 'UPSTREAM_UNAVAILABLE',
  message: 'SciCat is not reachable at the moment; please try again later.',
};
