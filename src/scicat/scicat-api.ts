import type {
  UpstreamAnswer,
  UpstreamCall,
  UpstreamCaller,
} from '../http-client/upstream-caller.js';

/** One request to SciCat, without who makes it. */
export type ScicatRequest = Omit<UpstreamCall, 'url' | 'headers' | 'body'> & {
  /** Below SciCat's base URL, e.g. `api/v4/jobs`; values in it encoded by {@link segment}. */
  readonly path: string;
  /** The `filter` parameter of SciCat's lists. */
  readonly filter?: Readonly<Record<string, unknown>>;
};

/** What {@link ScicatApi} is made of. */
interface ScicatApiOptions {
  /** Base URL without `/api/v…`. A path in it is kept, trailing slashes make no difference. */
  readonly scicatUrl: string;
  readonly caller: UpstreamCaller;
}

/** SciCat's address and the form of its requests. Knows nothing of what answers mean. */
export class ScicatApi {
  private readonly base: string;

  constructor(private readonly options: ScicatApiOptions) {
    this.base = options.scicatUrl.replace(/\/+$/, '');
  }

  /**
   * Sends a request, with this token if there is one.
   *
   * @returns the answer, whatever its status
   * @throws UpstreamTimeoutError, UpstreamUnavailableError when there is none
   */
  call(request: ScicatRequest, token?: string): Promise<UpstreamAnswer> {
    const { path, filter, ...call } = request;
    const query =
      filter === undefined ? '' : `?filter=${encodeURIComponent(JSON.stringify(filter))}`;
    return this.options.caller.call({
      ...call,
      url: `${this.base}/${path}${query}`,
      ...(token === undefined ? {} : { headers: { Authorization: `Bearer ${token}` } }),
    });
  }
}

/**
 * A value as one segment of a path.
 *
 * @returns undefined for what can't be one: the empty string names the list instead of one entry, and
 *   `.` and `..` are resolved away by every HTTP client
 */
export function segment(value: string): string | undefined {
  if (value === '' || value === '.' || value === '..') return undefined;
  try {
    return encodeURIComponent(value);
  } catch {
    // Half of a surrogate pair, which SciCat can't hold.
    return undefined;
  }
}
