import { Injectable, type PipeTransform } from '@nestjs/common';
import { InvalidRequestError } from '../../errors/request.errors.js';
import { isUuid } from '../../domain/identifiers.js';

/** Lets only UUIDs through: some other "ids" are routes of SciCat. */
@Injectable()
export class JobIdPipe implements PipeTransform<string, string> {
  transform(jobId: string): string {
    if (isUuid(jobId)) return jobId;
    throw new InvalidRequestError('The id of a transfer is a UUID, as POST /transfer answered it.');
  }
}
