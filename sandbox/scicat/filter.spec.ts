import { describe, expect, it } from '@jest/globals';
import { compileProjection, compileWhere } from './filter.js';

const documents = [
  { id: 'a', n: 1, s: 'x', tags: ['p', 'q'], deep: { list: [{ k: 1 }, { k: 2 }] }, at: 'date' },
  { id: 'b', n: 2, s: 'Y', tags: [], deep: { list: [] }, gone: null },
  { id: 'c', n: '2', deep: { obj: { a: 1, b: 2 } } },
];

describe('compileWhere', () => {
  it.each<[Record<string, unknown>, string]>([
    [{}, 'abc'],
    [{ id: 'b' }, 'b'],
    [{ id: 'b', n: 1 }, ''],
    [{ n: { $eq: 2 } }, 'b'],
    [{ n: { $ne: 2 } }, 'ac'],
    [{ n: { $gt: 1 } }, 'b'],
    [{ n: { $gte: 1 } }, 'ab'],
    [{ n: { $lt: 2 } }, 'a'],
    [{ n: { $lte: '2' } }, 'c'],
    [{ n: { $gt: null } }, ''],
    [{ n: { $gte: 1, $lt: 2 } }, 'a'],
    [{ s: { $in: ['x', null] } }, 'ac'],
    [{ s: { $nin: ['x'] } }, 'bc'],
    [{ s: { $exists: true } }, 'ab'],
    [{ s: { $exists: false } }, 'c'],
    [{ gone: null }, 'abc'],
    [{ gone: { $exists: true } }, 'b'],
    [{ s: { $regex: '^y', $options: 'i' } }, 'b'],
    [{ s: { $not: { $in: ['x'] } } }, 'bc'],
    [{ $or: [{ id: 'a' }, { n: '2' }] }, 'ac'],
    [{ $and: [{ id: 'a' }, { n: '2' }] }, ''],
    [{ $nor: [{ id: 'a' }, { n: '2' }] }, 'b'],
    [{ tags: 'p' }, 'a'],
    [{ tags: { $ne: 'p' } }, 'bc'],
    [{ tags: ['p', 'q'] }, 'a'],
    [{ tags: { $size: 0 } }, 'b'],
    [{ 'tags.1': 'q' }, 'a'],
    [{ 'deep.list.k': 2 }, 'a'],
    [{ 'deep.list.0.k': 2 }, ''],
    [{ 'deep.list': { $elemMatch: { k: { $gt: 1 } } } }, 'a'],
    [{ 'deep.obj': { a: 1, b: 2 } }, 'c'],
    [{ 'deep.obj': { b: 2, a: 1 } }, ''],
    [{ 'deep.obj': { a: 1 } }, ''],
    [{ 'deep.obj.a': 1 }, 'c'],
    [{ 'id.x': { $exists: false } }, 'abc'],
  ])('%j finds "%s"', (where, found) => {
    expect(
      documents
        .filter(compileWhere(where))
        .map(({ id }) => id)
        .join(''),
    ).toBe(found);
  });

  it.each([
    [{ at: 'date' }, ''],
    [{ at: { $gt: '1999' } }, ''],
    [{ at: { $exists: true } }, 'a'],
    [{ at: { $ne: 'date' } }, 'abc'],
  ])('never finds a date by a string: %j', (where, found) => {
    expect(
      documents
        .filter(compileWhere(where, ['at']))
        .map(({ id }) => id)
        .join(''),
    ).toBe(found);
  });
});

describe('compileProjection', () => {
  it('keeps the given paths, also within arrays', () => {
    const project = compileProjection(['id', 'deep.list.k', 'deep.obj', 'deep.obj.a', 'none.x']);
    expect(documents.map(project)).toEqual([
      { id: 'a', deep: { list: [{ k: 1 }, { k: 2 }] } },
      { id: 'b', deep: { list: [] } },
      { id: 'c', deep: { obj: { a: 1, b: 2 } } },
    ]);
  });
});
