import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { eventually, TestService } from '../support/service.js';

/** A scientist waits for each round trip of a request: what can be asked at once is. */
describe('a request asks SciCat at the same time', () => {
  let service: TestService;
  beforeEach(async () => {
    service = await TestService.start();
    await service.ready();
  });
  afterEach(() => service.stop());

  it('who the user is, and what the dataset is', async () => {
    service.scicat.faults.add({
      match: { method: 'GET', path: '/users/my/identity$' },
      effect: { type: 'hang' },
    });
    const asked = (end: string) =>
      service.scicat.requests.filter(({ path }) => path.includes(end)).map(({ status }) => status);
    const request = service.post();
    await eventually(() => asked('/datasets').length > 0, 'the dataset is asked for');
    // The user is not known yet.
    expect(asked('/users/my/identity')).toEqual([null]);
    service.scicat.faults.clear();
    await request;
  });
});
