import { withoutTrailing } from '../domain/without-trailing.js';
import type {
  UpstreamAnswer,
  UpstreamCall,
  UpstreamCaller,
} from '../http-client/upstream-caller.js';

/** A request to SciCat, without credentials. */
export type ScicatRequest = Omit<UpstreamCall, 'url' | 'headers' | 'body'> & {
  /** Below SciCat's base URL, e.g. `api/v4/jobs`; values are encoded by {@link segment}. */
  readonly path: string;
  /** The `filter` parameter of SciCat's lists. */
  readonly filter?: Readonly<Record<string, unknown>>;
};

interface ScicatApiOptions {
  /** Base URL without `/api/v…`; may contain a path and trailing slashes. */
  readonly scicatUrl: string;
  readonly caller: UpstreamCaller;
}

/** Builds and sends requests to SciCat. Does not interpret responses. */
export class ScicatApi {
  private readonly base: string;

  constructor(private readonly options: ScicatApiOptions) {
    this.base = withoutTrailing(options.scicatUrl, '/');
  }

  /**
   * Sends a request, with the token if given.
   *
   * @returns the response, whatever its status
   * @throws UpstreamTimeoutError, UpstreamUnavailableError when there is none
   */
  call({ path, filter, ...call }: ScicatRequest, token?: string): Promise<UpstreamAnswer> {
    const query =
      filter === undefined ? '' : `?filter=${encodeURIComponent(JSON.stringify(filter))}`;
    return this.options.caller.call({
      ...call,
      url: `${this.base}/${path}${query}`,
      headers: token === undefined ? {} : { Authorization: `Bearer ${token}` },
    });
  }
}

/**
 * Encodes a value as one path segment.
 *
 * @returns undefined if that is impossible: an empty segment names the list instead of an entry, and
 *   HTTP clients resolve `.` and `..`
 */
export function segment(value: string): string | undefined {
  if (value === '' || value === '.' || value === '..') return undefined;
  try {
    return encodeURIComponent(value);
  } catch {
    // A lone surrogate, which SciCat can't store either.
    return undefined;
  }
}
