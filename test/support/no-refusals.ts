import { Refusals } from '../../src/hardening/refusals.js';
import { VirtualClock } from './virtual-clock.js';

/** For modules that report refusals, where nobody listens. */
export const NO_REFUSALS = {
  provide: Refusals,
  useValue: new Refusals(new VirtualClock(), () => undefined),
};
