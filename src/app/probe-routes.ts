import { NotFoundException } from '@nestjs/common';
import type { NextFunction, Request, Response } from 'express';
import type { Server } from 'node:http';
import type { Socket } from 'node:net';

/** The routes that move to the second server, if there is one. */
const PROBES = /^\/(?:health|metrics)(?:\/|$)/i;

/**
 * Middleware that lets each server answer its own routes only: the second one, for probes and metrics,
 * nothing else, and the first one no longer these.
 *
 * @param admin the second server, if there is one
 */
export function separateProbes(admin: Server | undefined) {
  const ofAdmin = new WeakSet<Socket>();
  admin?.on('connection', (socket: Socket) => ofAdmin.add(socket));
  return (request: Request, _response: Response, next: NextFunction): void => {
    const isHere = ofAdmin.has(request.socket) === PROBES.test(request.path);
    if (admin === undefined || isHere) next();
    else next(new NotFoundException());
  };
}
