import { directCall, type DirectCall } from '../http/direct-call.js';
import type { EmulatedResponse } from '../http/emulator.js';
import { ScicatMachine, type ScicatMachineOptions } from './scicat-machine.js';

/** A whole second, so that token lifetimes are exact. */
export const NOW = Date.UTC(2026, 10, 22, 12, 0, 0);

/** A small SciCat 4.5, unless told otherwise, with one account of each kind, and numbered job ids. */
export class TestWorld {
  readonly machine: ScicatMachine;
  private readonly tokens = new Map<string, string>();
  private lastId = 0;

  constructor(options: ScicatMachineOptions = {}) {
    this.machine = new ScicatMachine({
      generation: '4.5',
      newId: () => `00000000-0000-4000-8000-${String(++this.lastId).padStart(12, '0')}`,
      ...options,
    });
    const groupsOf: Readonly<Record<string, readonly string[]>> = {
      admin: ['admin'],
      creator: ['jobcreators'],
      updater: ['jobupdaters'],
      both: ['jobcreators', 'jobupdaters'],
      archiver: ['archivemanager'],
      alice: ['group1', 'SOURCE'],
      bob: ['group2'],
      carol: ['group1-readers'],
    };
    for (const [username, groups] of Object.entries(groupsOf)) {
      this.machine.addUser({ username, password: `${username}-pw`, groups });
      this.tokens.set(username, this.machine.mintToken(username, { now: NOW }));
    }
    this.machine.addDataset({
      pid: '20.500/one',
      ownerGroup: 'group1',
      accessGroups: ['group1-readers'],
      sharedWith: ['bob@scicat.example'],
      sourceFolder: '/data/group1/one',
      size: 30,
      numberOfFiles: 2,
    });
    this.machine.addDataset({
      pid: '20.500/public',
      ownerGroup: 'group9',
      isPublished: true,
      sourceFolder: '/data/public',
    });
  }

  /** @param who an account's name, a token, or `nobody` */
  token(who: string): string | undefined {
    return this.tokens.get(who) ?? (who === 'nobody' ? undefined : who);
  }

  /** @param who an account's name, a token, or `nobody` */
  as(
    who: string,
    method: string,
    target: string,
    rest: Partial<DirectCall> = {},
  ): EmulatedResponse {
    const token = this.token(who);
    return directCall(this.machine, NOW, {
      method,
      target,
      ...(token === undefined ? {} : { token }),
      ...rest,
    });
  }

  /** Lists jobs. @returns their ids, or the answer if it is not a list */
  jobIds(who: string, filter?: unknown): unknown {
    const query =
      filter === undefined ? '' : `?filter=${encodeURIComponent(JSON.stringify(filter))}`;
    const { body } = this.as(who, 'GET', `/api/v4/jobs${query}`);
    return Array.isArray(body) ? body.map((job: { id?: unknown }) => job.id) : body;
  }
}

/** The id of the n-th job of a {@link TestWorld}. */
export function jobId(n: number): string {
  return `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`;
}

/** SciCat's usual error body. */
export function errorBody(statusCode: number, error: string, message: unknown): EmulatedResponse {
  return { status: statusCode, body: { message, error, statusCode } };
}

export const forbiddenResource = errorBody(403, 'Forbidden', 'Forbidden resource');
