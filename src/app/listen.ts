import type { NestExpressApplication } from '@nestjs/platform-express';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import type { AppConfig } from '../config/app-config.js';
import { type ListenAddress, listenError } from '../errors/listen.errors.js';
import type { LimitedExpressAdapter } from '../hardening/limited-express.adapter.js';

/** @throws ListenError when the service can't listen there */
export async function listen(app: NestExpressApplication, address: ListenAddress): Promise<void> {
  try {
    await app.listen(address.port, address.host);
  } catch (error) {
    throw listenError(error, address) ?? error;
  }
}

/**
 * Listens for probes and metrics, if they have a port of their own.
 *
 * @returns where; undefined if they have none
 * @throws ListenError when the service can't listen there
 */
export async function listenForProbes(
  app: NestExpressApplication,
  { host, adminHost = host, adminPort }: AppConfig['server'],
): Promise<AddressInfo | undefined> {
  const { admin } = app.getHttpAdapter() as unknown as LimitedExpressAdapter;
  if (admin === undefined || adminPort === undefined) return undefined;
  const settings = {
    host: adminHost === host ? 'server.host' : 'server.adminHost',
    port: 'server.adminPort',
  };
  try {
    admin.listen(adminPort, adminHost);
    await once(admin, 'listening');
  } catch (error) {
    throw listenError(error, { host: adminHost, port: adminPort, settings }) ?? error;
  }
  return admin.address() as AddressInfo;
}
