import {
  DatasetGoneError,
  ServiceAccountError,
  UnreadableItemError,
  type Upstream,
  UpstreamRejectedError,
  UpstreamTimeoutError,
  UpstreamUnavailableError,
} from '../../src/errors/upstream.errors.js';
import { ScicatDoubtfulRefusalError } from '../../src/scicat/scicat-error.js';

/** No answer in time: the call may have been carried out. */
export const timeout = (upstream: Upstream = 'SciCat') =>
  new UpstreamTimeoutError(upstream, `${upstream} did not answer in time.`);

/** The connection was refused: the call was not carried out. */
export const down = (upstream: Upstream = 'SciCat') =>
  new UpstreamUnavailableError(upstream, `${upstream} is not reachable.`, {
    outcomeUnclear: false,
  });

/** Understood and permanently refused. */
export const rejected = (status = 403, upstream: Upstream = 'SciCat') =>
  new UpstreamRejectedError(upstream, `${upstream} refused with ${status}.`, { status });

/** SciCat refuses to write the job of a dataset that was deleted. */
export const datasetDeleted = () =>
  new DatasetGoneError('SciCat', 'The dataset was deleted in SciCat.', { status: 404 });

/** SciCat's 400 to a create or an update, which may come after storing. */
export const doubtful = () =>
  new ScicatDoubtfulRefusalError('SciCat', 'SciCat answered 400.', { status: 400 });

/** One job that can't be read, of a SciCat that is well. */
export const unreadable = () => new UnreadableItemError('SciCat', 'The job is too large.');

/** Our own account is refused. */
export const accountRefused = (upstream: Upstream = 'SciCat') =>
  new ServiceAccountError(upstream, `${upstream} refuses the service's account.`);
