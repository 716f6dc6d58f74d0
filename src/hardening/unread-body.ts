import type { NextFunction, Request, Response } from 'express';

/**
 * Ends connections on which a body goes on coming although its request has long been answered: what
 * nobody reads is thrown away, but not for ever.
 *
 * @param lingerMs see `ServerLimits.lingerMs`
 */
export function endUnreadBodies(lingerMs: number) {
  return (request: Request, response: Response, next: NextFunction): void => {
    response.once('finish', () => {
      if (request.complete) return;
      setTimeout(() => {
        if (!request.complete) request.socket.destroy();
      }, lingerMs).unref();
    });
    next();
  };
}
