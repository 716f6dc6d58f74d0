import { isRecord } from './filter.js';
import { invalidBody, Refusal } from './responses.js';

const CREATE_FIELDS = new Set(['type', 'jobParams', 'ownerUser', 'ownerGroup', 'contactEmail']);
const UPDATE_FIELDS = new Set(['statusCode', 'statusMessage', 'jobResultObject']);

/** A valid body of `POST jobs`. */
export interface JobCreation {
  readonly type: string;
  readonly jobParams: Readonly<Record<string, unknown>>;
  readonly ownerUser: string | undefined;
  readonly ownerGroup: string | undefined;
  readonly contactEmail: string | undefined;
}

/** A valid body of `PATCH jobs/{id}`. */
export interface JobUpdate {
  readonly statusCode: string;
  readonly statusMessage: string;
  readonly jobResultObject: Readonly<Record<string, unknown>> | null | undefined;
}

export function parseCreation(body: Readonly<Record<string, unknown>>): JobCreation {
  const { type, jobParams } = body;
  const messages = Object.keys(body)
    .filter((key) => !CREATE_FIELDS.has(key))
    .map((key) => `property ${key} should not exist`);
  if (typeof type !== 'string' || type === '') messages.push('type must be a string');
  if (!isRecord(jobParams)) messages.push('jobParams must be an object');
  const optional = (key: string): string | undefined => {
    const value = body[key];
    if (value === undefined || value === null) return undefined;
    if (typeof value === 'string') return value;
    messages.push(`${key} must be a string`);
    return undefined;
  };
  const ownerUser = optional('ownerUser');
  const ownerGroup = optional('ownerGroup');
  const { contactEmail } = body;
  const hasEmail = contactEmail !== undefined && contactEmail !== null;
  // Absent and null are allowed; an empty string is an invalid address.
  if (hasEmail && !isEmail(contactEmail)) messages.push('contactEmail must be an email');
  if (messages.length > 0 || typeof type !== 'string' || !isRecord(jobParams)) {
    throw new Refusal(invalidBody(messages));
  }
  return {
    type,
    jobParams,
    ownerUser: ownerUser === '' ? undefined : ownerUser,
    ownerGroup: ownerGroup === '' ? undefined : ownerGroup,
    contactEmail: hasEmail && isEmail(contactEmail) ? contactEmail : undefined,
  };
}

/** Both status fields are mandatory in every update; any string is valid, even an empty one. */
export function parseUpdate(body: Readonly<Record<string, unknown>>): JobUpdate {
  const { statusCode, statusMessage, jobResultObject } = body;
  const messages = Object.keys(body)
    .filter((key) => !UPDATE_FIELDS.has(key))
    .map((key) => `property ${key} should not exist`);
  if (typeof statusCode !== 'string') messages.push('statusCode must be a string');
  if (typeof statusMessage !== 'string') messages.push('statusMessage must be a string');
  // Surprise: null is accepted, and stored.
  const result = jobResultObject ?? null;
  if (result !== null && !isRecord(result)) messages.push('jobResultObject must be an object');
  if (
    messages.length > 0 ||
    typeof statusCode !== 'string' ||
    typeof statusMessage !== 'string' ||
    (result !== null && !isRecord(result))
  ) {
    throw new Refusal(invalidBody(messages));
  }
  return {
    statusCode,
    statusMessage,
    jobResultObject: jobResultObject === undefined ? undefined : result,
  };
}

function isEmail(value: unknown): value is string {
  return (
    typeof value === 'string' &&
    /^[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]+@(?:[A-Za-z0-9-]+\.)+[A-Za-z]{2,}$/.test(value)
  );
}
