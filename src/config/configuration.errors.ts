import { ProxyError } from '../errors/proxy-error.js';
import { errorsAmong, formatProblem, type Problem } from './problem.js';

/** The configuration can't be used. The message lists every error, one a line. */
export class ConfigurationError extends ProxyError {
  readonly code = 'CONFIGURATION';
  /** All that was found, warnings too. */
  readonly problems: readonly Problem[];

  constructor(problems: readonly Problem[]) {
    const errors = errorsAmong(problems);
    const count = errors.length === 1 ? '1 problem' : `${errors.length.toString()} problems`;
    super([`The configuration has ${count}:`, ...errors.map(formatProblem)].join('\n'));
    this.problems = problems;
  }
}
