import { describe, expect, it } from '@jest/globals';
import { fixedFolder, parentFolder } from './fixed-folder.js';

describe('the fixed part of a path template', () => {
  it.each([
    ['/{{ .RelativeSourceFolder }}', '/'],
    ['{{ .RelativeSourceFolder }}', '/'],
    ['/archive/{{ .PidShort }}', '/archive'],
    ['archive//2026/{{ .PidShort }}/x', '/archive/2026'],
    ['/archive/run-{{ .PidShort }}', '/archive'],
    ['/archive/all', '/archive'],
    ['/archive/all/', '/archive/all'],
    ['', '/'],
  ])('%s: %s', (source, folder) => {
    expect(fixedFolder({ source })).toBe(folder);
  });

  it.each([
    ['/a/b', '/a'],
    ['/a', '/'],
    ['/', '/'],
  ])('%s lies in %s', (path, parent) => {
    expect(parentFolder(path)).toBe(parent);
  });
});
