/** A refusal by the Transfer API; becomes `{code, message, request_id, resource}` plus `extra`. */
export class TransferRefusal extends Error {
  override readonly name = 'TransferRefusal';

  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    readonly extra: Readonly<Record<string, unknown>> = {},
    readonly headers: Readonly<Record<string, string>> = {},
  ) {
    super(message);
  }
}

/** A refusal by Globus Auth, whose body has one of two formats. */
export class AuthRefusal extends Error {
  override readonly name = 'AuthRefusal';

  constructor(
    readonly status: number,
    readonly body: unknown,
  ) {
    super(`Globus Auth refuses with status ${status}.`);
  }
}

/** 400 for an invalid document, query or path. */
export function badRequest(message: string): TransferRefusal {
  return new TransferRefusal(400, 'ClientError.BadRequest', message);
}
