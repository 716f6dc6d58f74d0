import { applyDecorators, UseGuards } from '@nestjs/common';
import { Authenticated } from '../../auth/authenticated.decorator.js';
import { DatasetPrefetchGuard } from './dataset-prefetch.guard.js';

/**
 * A route for people with a SciCat token that is about the dataset of its query: SciCat is asked at
 * the same time who they are and what the dataset is. Guards run in the order of this list; the other
 * way round it would be one after the other.
 */
export function AuthenticatedWithDataset(): MethodDecorator {
  return applyDecorators(UseGuards(DatasetPrefetchGuard), Authenticated());
}
