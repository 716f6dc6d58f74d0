import { once } from 'node:events';
import { createServer } from 'node:net';
import { codeOf } from '../../errors/error-code.js';
import { type ListenAddress, listenError } from '../../errors/listen.errors.js';

/** The probe's methods. */
export type ListenProbe = (address: ListenAddress) => Promise<string | undefined>;

/**
 * Whether the service could listen at an address of this machine. It is listened on for a moment,
 * first on any port and then on the configured one. It does not matter if the latter is in use: the
 * service may be running.
 *
 * @returns what is wrong, in a sentence
 */
export const listenBriefly: ListenProbe = async (address) => {
  for (const port of [0, address.port]) {
    const error = await failureOf({ ...address, port });
    if (error === undefined || codeOf(error) === 'EADDRINUSE') continue;
    return (
      listenError(error, address)?.message ??
      `The service can't listen on "${address.host}" (${codeOf(error) ?? 'unknown error'}).`
    );
  }
  return undefined;
};

async function failureOf({ host, port }: ListenAddress): Promise<unknown> {
  const server = createServer();
  try {
    server.listen(port, host);
    await once(server, 'listening');
    server.close();
    await once(server, 'close');
    return undefined;
  } catch (error) {
    return error;
  }
}
