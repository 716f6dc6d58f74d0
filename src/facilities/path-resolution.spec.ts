import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { compileTemplate } from '../templates/template.js';
import { DESTINATION_FIELDS, FOLDER_FIELDS, PATH_FIELDS, type Facility } from './facility.js';
import {
  KEY_PLACEHOLDER,
  PATH_CHECKS,
  type PathCheckName,
  type PathRequest,
  pathRules,
} from './path-resolution.js';
import { segmentsOf } from './path-text.js';

interface FacilityTexts {
  readonly source?: string;
  readonly destination?: string;
  readonly root?: string;
  readonly allowed?: readonly string[];
}

function facility(name: string, texts: FacilityTexts = {}): Facility {
  const relative = '/{{ .RelativeSourceFolder }}';
  return {
    name,
    collection: '6c54cade-bde5-45c1-bdea-f4bd71dba2cc',
    direction: 'BOTH',
    scopes: [],
    accessPath: 'profile.accessGroups',
    accessValue: name,
    sourcePath: compileTemplate(texts.source ?? relative, PATH_FIELDS),
    destinationPath: compileTemplate(texts.destination ?? relative, DESTINATION_FIELDS),
    collectionRootPath: texts.root,
    allowedSourceFolders: texts.allowed?.map((text) => compileTemplate(text, FOLDER_FIELDS)),
    symlinks: 'keep',
    finalize: 'archive',
  };
}

interface RequestParts {
  readonly source?: FacilityTexts;
  readonly destination?: FacilityTexts;
  readonly pid?: string;
  readonly sourceFolder?: string;
  readonly ownerGroup?: string;
  readonly username?: string;
  readonly root?: string;
  readonly transferKey?: string;
}

/** A transfer's key. */
const KEY = 'bbbbbbbb-0000-4000-8000-000000000001';

function request(parts: RequestParts = {}): PathRequest {
  return {
    source: facility('A', parts.source),
    destination: facility('B', parts.destination),
    dataset: {
      pid: parts.pid ?? '20.500.12345/e009',
      sourceFolder: parts.sourceFolder ?? '/data/p123/run1',
      ownerGroup: parts.ownerGroup ?? 'p123',
    },
    username: parts.username ?? 'alice',
    transferKey: parts.transferKey ?? KEY,
    collectionRootPath: parts.root,
  };
}

const pathsOf = (parts: RequestParts = {}) => pathRules(request(parts)).paths;
const refusalOf = (parts: RequestParts) => {
  const rule = pathRules(request(parts)).rules.find(({ outcome }) => outcome === 'refused');
  return { reason: shortReason(rule?.refusal), message: rule?.message };
};
const shortReason = (refusal: { readonly reason: string } | undefined): string =>
  refusal?.reason.replace(/^path:/, '') ?? 'none';
const reasonOf = (parts: RequestParts): string => {
  const paths = pathsOf(parts);
  return paths === undefined ? refusalOf(parts).reason : `resolved ${paths.sourcePath}`;
};

describe('path variables', () => {
  const rendered = (text: string, parts: RequestParts = {}): string => {
    const all = { ...parts, destination: { destination: text } };
    return pathsOf(all)?.destinationPath ?? refusalOf(all).reason;
  };

  test.each([
    ['Pid', '{{ .Pid }}', '/20.500.12345/e009'],
    ['PidPrefix', '{{ .PidPrefix }}', '/20.500.12345'],
    ['PidShort', '{{ .PidShort }}', '/e009'],
    ['PidEncoded', '{{ .PidEncoded }}', '/20.500.12345%2Fe009'],
    ['SourceFolder', '{{ .SourceFolder }}', '/data/p123/run1'],
    ['RelativeSourceFolder', '{{ .RelativeSourceFolder }}', '/p123/run1'],
    ['DatasetFolder', '{{ .DatasetFolder }}', '/run1'],
    ['Username', '{{ .Username }}', '/alice'],
    ['TransferKey', '{{ .TransferKey }}', `/${KEY}`],
  ])('%s', (_name, text, expected) => {
    expect(rendered(text, { root: '/data' })).toBe(expected);
  });

  test('RelativeSourceFolder is sourceFolder itself without a root', () => {
    expect(rendered('/x/{{ .RelativeSourceFolder }}')).toBe('/x/data/p123/run1');
    expect(rendered('/x/{{ .RelativeSourceFolder }}', { root: '' })).toBe('/x/data/p123/run1');
  });

  test('RelativeSourceFolder is empty, not ".", when the folder is the root', () => {
    expect(pathsOf({ root: '/data/p123/run1/' })).toEqual({
      sourcePath: '/',
      destinationPath: '/',
    });
  });

  test('a root of "/" is a root: the relative folder has no leading slash', () => {
    expect(rendered('/x-{{ .RelativeSourceFolder }}', { root: '/' })).toBe('/x-data/p123/run1');
  });

  test('a rendered path is normalized: leading slash, no repeated one, no trailing one', () => {
    expect(rendered('a//{{ .SourceFolder }}///b//')).toBe('/a/data/p123/run1/b');
  });
});

describe("the transfer's key in the destination's path", () => {
  const keyed = (destination: string, transferKey = KEY) => {
    const parts = { destination: { destination }, transferKey };
    return pathsOf(parts)?.destinationPath ?? refusalOf(parts).reason;
  };

  test('gives every transfer a folder of its own', () => {
    const template = '/in/{{ .PidShort }}-{{ .TransferKey }}/x';
    expect(keyed(template)).toBe(`/in/e009-${KEY}/x`);
  });

  test('is shown as a placeholder before there is one, and that is said', () => {
    const parts = { destination: { destination: '/in/{{ .TransferKey }}' } };
    const { rules, paths } = pathRules(request({ ...parts, transferKey: KEY_PLACEHOLDER }));
    expect(paths?.destinationPath).toBe('/in/{TransferKey}');
    expect(rules.at(-1)?.message).toBe(
      'The files go to "/in/{TransferKey}" in the collection of facility "B". {TransferKey} stands for a UUID that is generated for each transfer.',
    );
    expect(pathRules(request(parts)).rules.at(-1)?.message).not.toContain('stands for');
  });

  test.each([
    '{{ index .TransferKey 0 }}',
    '{{ printf "%.8s" .TransferKey }}',
    '{{ printf "%x" .TransferKey }}',
    '{{ replace .TransferKey "-" "" }}',
    '{{ if eq .Username "alice" }}{{ replace .TransferKey "-" "" }}{{ else }}{{ .TransferKey }}{{ end }}',
  ])('is used as it is, or equal requests would not be recognized: %s', (template) => {
    for (const key of [KEY, KEY_PLACEHOLDER]) {
      expect(keyed(`/in/${template}`, key)).toMatch(/^(transfer-key-changed|path-unusable)$/);
    }
  });
});

describe('what never becomes a path', () => {
  const hostileSegments = [
    '/data/..',
    '/data/../etc',
    '/data/./x',
    '/data\\..\\etc',
    '/data/..\\x',
  ];

  test.each(hostileSegments)('sourceFolder %p with a dot segment', (folder) => {
    expect(reasonOf({ sourceFolder: folder })).toBe('source-folder-unusable');
  });

  test.each(hostileSegments)('collectionRootPath %p with a dot segment', (root) => {
    expect(reasonOf({ root })).toBe('root-unusable');
  });

  test.each(['', '.', '..', 'a/../b', 'a\\..\\b', 'a/./b'])('PID %p', (pid) => {
    expect(reasonOf({ pid })).toBe('pid-unusable');
  });

  test.each(['\u0000', '\n', '\u001f', '\u007f', '\u0080', '\u009f', '\udc00'])(
    'the control character %j, in any input',
    (character) => {
      expect([
        reasonOf({ pid: `a${character}` }),
        reasonOf({ sourceFolder: `/data/a${character}` }),
        reasonOf({ root: `/data${character}` }),
        reasonOf({ username: `a${character}`, source: { source: '/{{ .Username }}' } }),
        reasonOf({ ownerGroup: `a${character}`, source: { allowed: ['/{{ .OwnerGroup }}'] } }),
      ]).toEqual([
        'pid-unusable',
        'source-folder-unusable',
        'root-unusable',
        'user-name-unusable',
        'owner-group-unusable',
      ]);
    },
  );

  test.each(['', 'data/x', 'C:\\data', '~/x', '\\data'])(
    'sourceFolder %p is not absolute',
    (sourceFolder) => {
      expect(reasonOf({ sourceFolder })).toBe('source-folder-unusable');
    },
  );

  test('a masked sourceFolder is named as such', () => {
    expect(refusalOf({ sourceFolder: '/data/*****/run1' })).toEqual({
      reason: 'source-folder-masked',
      message:
        'SciCat hides part of the dataset\'s source folder ("/data/*****/run1") from you, so the files can\'t be located. Ask the SciCat administrators about masked personal information.',
    });
  });

  test.each(['a/b', '/', '', '..', 'a\\..\\b', '/a'])(
    'the user name %p, where a path uses it',
    (username) => {
      expect([
        reasonOf({ username, source: { source: '/{{ .Username }}' } }),
        reasonOf({ username, destination: { destination: '/{{ .Username }}' } }),
        reasonOf({ username, source: { allowed: ['/data/{{ .Username }}'] } }),
        reasonOf({ username }),
      ]).toEqual([
        'user-name-unusable',
        'user-name-unusable',
        'user-name-unusable',
        'resolved /data/p123/run1',
      ]);
    },
  );

  test('a root beside the source folder is refused', () => {
    expect(refusalOf({ root: '/scratch' })).toEqual({
      reason: 'outside-root',
      message:
        'The dataset\'s source folder "/data/p123/run1" is not inside the collection root "/scratch".',
    });
  });

  test('inside means by segments, not by letters', () => {
    expect(reasonOf({ root: '/data/p12' })).toBe('outside-root');
    expect(reasonOf({ root: '/data/p123/run1/deeper' })).toBe('outside-root');
    expect(reasonOf({ root: '//data//p123/' })).toBe('resolved /run1');
  });

  test("the facility's own root wins", () => {
    expect(reasonOf({ source: { root: '/data' } })).toBe('resolved /p123/run1');
    expect(reasonOf({ source: { root: '/data' }, root: '' })).toBe('resolved /p123/run1');
    expect(reasonOf({ source: { root: '/scratch' } })).toBe('outside-root');
  });

  test("the destination's root has no say", () => {
    expect(reasonOf({ destination: { root: '/elsewhere' } })).toBe('resolved /data/p123/run1');
  });

  test('another root in the request is refused, another spelling is not', () => {
    expect(
      ['/data/', '//data', '/data', '/', '/dat', '/data/x', 'data', '/x/../data'].map((root) =>
        reasonOf({ source: { root: '/data' }, root }),
      ),
    ).toEqual([
      'resolved /p123/run1',
      'resolved /p123/run1',
      'resolved /p123/run1',
      'root-differs',
      'root-differs',
      'root-differs',
      'root-differs',
      'root-differs',
    ]);
  });

  test('what a template makes is checked again', () => {
    const notADataset = { pid: 'nodoi' };
    // path.Dir of a PID without a slash is "."
    expect(reasonOf({ ...notADataset, source: { source: '/{{ .PidPrefix }}/x' } })).toBe(
      'path-unusable',
    );
    expect(
      reasonOf({
        sourceFolder: '/data/.x.',
        source: { source: '{{ replace .SourceFolder "x" "" }}' },
      }),
    ).toBe('path-unusable');
    expect(reasonOf({ ...notADataset, source: { source: '/{{ index .Pid 9 }}' } })).toBe(
      'path-unusable',
    );
  });

  test('a control character that a template brings in itself', () => {
    expect(reasonOf({ source: { source: '/a{{ "\\n" }}' } })).toBe('path-unusable');
  });

  test.each(['', ' ', '{{ if eq .Username "bob" }}/data{{ end }}'])(
    'a template that comes out as nothing (%j) is no path: it would be the whole collection',
    (template) => {
      expect([
        reasonOf({ source: { source: template } }),
        reasonOf({ destination: { destination: template } }),
      ]).toEqual(['path-empty', 'path-empty']);
    },
  );

  test('"/" is what somebody means who writes it', () => {
    expect(reasonOf({ source: { source: '/' } })).toBe('resolved /');
  });

  test('a folder "~" does not become the service account\'s home folder', () => {
    expect(reasonOf({ sourceFolder: '/data/~/x', root: '/data' })).toBe('path-unusable');
    expect(reasonOf({ sourceFolder: '/data/~bob/x', root: '/data' })).toBe('path-unusable');
    // unless the facility's administrator wants just that
    expect(reasonOf({ source: { source: '/~/{{ .PidShort }}' } })).toBe('resolved /~/e009');
  });
});

describe('allowed source folders', () => {
  const allowed = ['/data/{{ .OwnerGroup }}', '/home/{{ .Username }}/raw/'];

  test('a folder of another group is refused, although the dataset says so', () => {
    expect(refusalOf({ source: { allowed }, sourceFolder: '/data/p999/run1' })).toEqual({
      reason: 'outside-allowed-folders',
      message:
        'The dataset\'s source folder "/data/p999/run1" is outside the folders that facility "A" allows for it.',
    });
  });

  test('inside any of them is fine, by segments', () => {
    expect(
      [
        '/data/p123',
        '/data/p123/',
        '/data//p123/x',
        '/data/p1234',
        '/data',
        '/home/alice/raw/x',
      ].map((sourceFolder) => reasonOf({ source: { allowed }, sourceFolder })),
    ).toEqual([
      'resolved /data/p123',
      'resolved /data/p123',
      'resolved /data/p123/x',
      'outside-allowed-folders',
      'outside-allowed-folders',
      'resolved /home/alice/raw/x',
    ]);
  });

  test('a root that the request states at or below an allowed folder does not lead around it', () => {
    const at = (root: string, pinned?: string): string =>
      reasonOf({
        source: { allowed, ...(pinned === undefined ? {} : { root: pinned }) },
        sourceFolder: '/data/p123/p456/run1',
        root,
      });
    expect(
      ['/data/p123/p456', '/data/p123', '/data/p123/', '/data', '/', ''].map((root) => at(root)),
    ).toEqual([
      'root-differs',
      'root-differs',
      'root-differs',
      'resolved /p123/p456/run1',
      'resolved /data/p123/p456/run1',
      'resolved /data/p123/p456/run1',
    ]);
    // What the facility's own configuration says is no request's claim.
    expect(at('', '/data/p123')).toBe('resolved /p456/run1');
  });

  test('an empty owner group does not open the folder above', () => {
    expect(
      ['', '/', '..', '.', 'a/../..'].map((ownerGroup) =>
        reasonOf({ source: { allowed }, ownerGroup, sourceFolder: '/data/x' }),
      ),
    ).toEqual(Array<string>(5).fill('owner-group-unusable'));
  });

  test('a condition that does not hold leaves nothing, which allows nothing', () => {
    const only = (text: string): string =>
      reasonOf({ source: { allowed: [text] }, sourceFolder: '/data/x' });
    expect(
      [
        '{{ if eq .Username "bob" }}/data{{ end }}',
        '/{{ if eq .Username "bob" }}data{{ end }}',
        ' {{ if eq .Username "bob" }}/{{ end }} ',
        '',
      ].map(only),
    ).toEqual(Array<string>(4).fill('outside-allowed-folders'));
    expect(only('{{ if eq .Username "alice" }}/data{{ end }}')).toBe('resolved /data/x');
  });

  test('nor does it close the folders beside it', () => {
    const allowedAlso = ['{{ if eq .Username "bob" }}/data{{ end }}', '/data/p123'];
    expect(reasonOf({ source: { allowed: allowedAlso } })).toBe('resolved /data/p123/run1');
  });

  test.each(['/', '//'])('"%s", written out, allows all', (text) => {
    expect(reasonOf({ source: { allowed: [text] }, sourceFolder: '/any/where' })).toBe(
      'resolved /any/where',
    );
  });

  describe('judge the folder that is really copied, too', () => {
    const group = ['/data/{{ .OwnerGroup }}'];
    const copied = (source: FacilityTexts, sourceFolder: string, root?: string): string =>
      reasonOf({
        source: { allowed: group, ...source },
        sourceFolder,
        ...(root === undefined ? {} : { root }),
      });
    const OUTSIDE = 'copied-outside-allowed-folders';

    test('with sourcePath "/{{ .DatasetFolder }}", folder "/data/p123/p2" copies "/p2"', () => {
      const source = { allowed: group, root: '/data', source: '/{{ .DatasetFolder }}' };
      expect(refusalOf({ source, sourceFolder: '/data/p123/p2' })).toEqual({
        reason: OUTSIDE,
        message:
          'The files would be copied from "/data/p2" instead of the dataset\'s source folder "/data/p123/p2", and that is outside the folders that facility "A" allows for the dataset. Ask the operator to check the facility\'s sourcePath, collectionRootPath, and allowedSourceFolders.',
      });
    });

    test.each([
      ['a part of the folder', '/{{ .DatasetFolder }}'],
      ['the PID', '/{{ .PidShort }}'],
      ['the user', '/{{ .Username }}/{{ .DatasetFolder }}'],
      ['a fixed folder', '/p999'],
      ['the folder, with a part replaced', '/{{ replace .RelativeSourceFolder "p123/" "" }}'],
      ['nothing', '/'],
    ])('a template with %s alone, whatever root the request states', (_what, template) => {
      const folder = '/data/p123/p999';
      expect(copied({ source: template, root: '/data' }, folder)).toBe(OUTSIDE);
      expect(copied({ source: template }, folder)).toBe(OUTSIDE);
      for (const root of ['/', '/data', '/data/']) {
        expect(copied({ source: template }, folder, root)).toBe(OUTSIDE);
      }
      for (const root of ['/data/p123', '/data/p123/p999']) {
        expect(copied({ source: template }, folder, root)).toBe('root-differs');
      }
    });

    test("which may be another allowed one than the dataset's", () => {
      const source = { root: '/data', source: '/{{ .DatasetFolder }}' };
      const allowed = [...group, '/data/shared'];
      expect(copied({ ...source, allowed }, '/data/p123/shared')).toBe('resolved /shared');
      expect(copied({ ...source, allowed: ['/data'] }, '/data/p123/p2')).toBe('resolved /p2');
    });

    test.each([
      ['as it is', '/{{ .RelativeSourceFolder }}', '/p123/run1'],
      ['by its absolute path', '{{ .SourceFolder }}', '/data/p123/run1'],
      ['behind a fixed beginning', '/raw/{{ .RelativeSourceFolder }}', '/raw/p123/run1'],
      ['and a folder in it', '/{{ .RelativeSourceFolder }}/raw', '/p123/run1/raw'],
    ])('the whole folder of the dataset %s is not another folder', (_how, template, expected) => {
      const source = { source: template, root: '/data' };
      expect(copied(source, '/data/p123/run1')).toBe(`resolved ${expected}`);
    });

    test('nothing else is said of a template that gives no path', () => {
      expect(copied({ source: '/{{ index .Pid 99 }}' }, '/data/p123/x')).toBe('path-unusable');
    });
  });

  test("the destination's allowed folders have no say", () => {
    expect(reasonOf({ destination: { allowed: ['/nowhere'] } })).toBe('resolved /data/p123/run1');
  });
});

describe('hostile inputs', () => {
  const part = fc.constantFrom(
    ...[
      '/',
      '//',
      '\\',
      '.',
      '..',
      'data',
      'p123',
      'run1',
      'a b',
      '~',
      '%2e%2e',
      '\u0000',
      '…',
      '*****',
    ],
  );
  const text = fc.array(part, { maxLength: 8 }).map((parts) => parts.join(''));
  const inside = text.map((rest) => `/data/p123/${rest}`);
  const folder = fc.oneof(text, inside);
  const root = fc.oneof(text, fc.constantFrom('/data', '/data/', '/', '', '/data/p123'));

  /** As a collection's file system would see it, dots resolved, both separators counting. */
  function walked(path: string): readonly string[] {
    const stack: string[] = [];
    for (const segment of path.split(/[\\/]/)) {
      if (segment === '..') stack.pop();
      else if (segment !== '' && segment !== '.') stack.push(segment);
    }
    return stack;
  }

  test('the result is refused, or stays inside the root, segment by segment', () => {
    let resolved = 0;
    fc.assert(
      fc.property(folder, root, text, text, (sourceFolder, collectionRoot, pid, username) => {
        const paths = pathsOf({ sourceFolder, root: collectionRoot, pid: `p${pid}`, username });
        if (paths === undefined) return;
        resolved++;
        // Root plus what is asked of the collection is the dataset's folder and nothing else.
        const asked = `${collectionRoot}${paths.sourcePath}`;
        expect(walked(asked)).toEqual(walked(sourceFolder));
        const rootSegments = walked(collectionRoot);
        expect(walked(asked).slice(0, rootSegments.length)).toEqual(rootSegments);
      }),
      { numRuns: 5000 },
    );
    expect(resolved).toBeGreaterThan(100);
  });

  test('the result is refused, or lies inside the allowed folder', () => {
    let resolved = 0;
    fc.assert(
      fc.property(text, fc.oneof(text, fc.constantFrom('', '.x', ' ')), (rest, suffix) => {
        const sourceFolder = `/data/p123/run1${rest}`;
        const username = `run1${suffix}`;
        const source = { root: '/data', allowed: ['/data/p123/{{ .Username }}'] };
        const paths = pathsOf({ sourceFolder, username, source });
        if (paths === undefined) return;
        resolved++;
        const [first, second] = segmentsOf(paths.sourcePath);
        expect([first, second]).toEqual(['p123', username]);
      }),
      { numRuns: 5000 },
    );
    expect(resolved).toBeGreaterThan(10);
  });

  test('templates that use everything: no dot segment survives, the fixed part stays', () => {
    const template =
      '/archive/{{ .Username }}/{{ .Pid }}/{{ .PidPrefix }}/{{ .PidShort }}/{{ .PidEncoded }}/{{ .SourceFolder }}/{{ .DatasetFolder }}';
    let resolved = 0;
    fc.assert(
      fc.property(folder, text, text, (sourceFolder, pid, username) => {
        const paths = pathsOf({
          sourceFolder,
          pid: `10.1/${pid}`,
          username: `u${username}`,
          destination: { destination: template },
        });
        if (paths === undefined) return;
        resolved++;
        const { destinationPath } = paths;
        expect(walked(destinationPath).slice(0, 1)).toEqual(['archive']);
        expect(destinationPath.split(/[\\/]/).filter((s) => s === '.' || s === '..')).toEqual([]);
        expect(destinationPath.split('/')[2]).toBe(`u${username}`);
        expect(destinationPath).not.toMatch(/[\p{Cc}]|\/\/|\/$/u);
      }),
      { numRuns: 5000 },
    );
    expect(resolved).toBeGreaterThan(50);
  });
});

describe('the explanation', () => {
  const summary = (parts: RequestParts = {}) =>
    pathRules(request(parts)).rules.map(
      ({ rule, outcome, message, found = [], required = [], refusal }) => [
        rule,
        refusal === undefined ? outcome : shortReason(refusal),
        outcome === 'not-checked' ? message : found.join(),
        required,
      ],
    );

  test('shows each check with what was compared', () => {
    expect(
      summary({
        source: {
          root: '/data',
          allowed: ['/data/other', '/data/{{ .OwnerGroup }}', '/never/needed'],
        },
        destination: { destination: '/{{ .Username }}/{{ .PidShort }}' },
      }),
    ).toEqual([
      ['collection-root', 'passed', '/data', ['/data']],
      ['pid', 'passed', '20.500.12345/e009', []],
      ['source-folder', 'passed', '/data/p123/run1', []],
      ['inside-root', 'passed', '/data/p123/run1', ['/data']],
      ['user-name-in-path', 'passed', 'alice', []],
      ['owner-group-in-path', 'passed', 'p123', []],
      ['allowed-folders', 'passed', '/data/p123/run1', ['/data/p123']],
      ['source-path', 'passed', '/p123/run1', []],
      ['destination-path', 'passed', '/alice/e009', []],
    ]);
  });

  test('says what nobody asks for', () => {
    expect(summary().map(([check, outcome]) => [check, outcome])).toEqual([
      ['collection-root', 'not-needed'],
      ['pid', 'passed'],
      ['source-folder', 'passed'],
      ['inside-root', 'not-needed'],
      ['user-name-in-path', 'not-needed'],
      ['owner-group-in-path', 'not-needed'],
      ['allowed-folders', 'not-needed'],
      ['source-path', 'passed'],
      ['destination-path', 'passed'],
    ]);
  });

  test('goes on after a refusal, so that an admin sees all that is wrong at once', () => {
    const parts = {
      source: { root: '/data', allowed: ['/data/a', '/data/b'] },
      destination: { destination: '/{{ .Username }}' },
      root: '/other',
      username: 'a/b',
    };
    expect(summary(parts)).toEqual([
      ['collection-root', 'root-differs', '/other', ['/data']],
      ['pid', 'passed', '20.500.12345/e009', []],
      ['source-folder', 'passed', '/data/p123/run1', []],
      ['inside-root', 'passed', '/data/p123/run1', ['/data']],
      ['user-name-in-path', 'user-name-unusable', 'a/b', []],
      ['owner-group-in-path', 'not-needed', 'p123', []],
      ['allowed-folders', 'outside-allowed-folders', '/data/p123/run1', ['/data/a', '/data/b']],
      ['source-path', 'passed', '/p123/run1', []],
      [
        'destination-path',
        'not-checked',
        'Not checked: the rule user-name-in-path has not passed.',
        [],
      ],
    ]);
    expect(reasonOf(parts)).toBe('root-differs');
  });

  test.each<[string, RequestParts, readonly PathCheckName[]]>([
    ['pid', { pid: '..', destination: { destination: '/{{ .PidShort }}' } }, ['destination-path']],
    [
      'source-folder',
      { sourceFolder: '/data/..', root: '/data', destination: { destination: '/{{ .Pid }}' } },
      ['inside-root', 'source-path'],
    ],
    [
      'inside-root',
      { root: '/other', source: { allowed: ['/data'] }, destination: { destination: '/x' } },
      ['allowed-folders', 'source-path'],
    ],
    [
      'user-name-in-path',
      { username: '..', source: { source: '/{{ .Username }}', allowed: ['/{{ .Username }}'] } },
      ['allowed-folders', 'source-path'],
    ],
    [
      'owner-group-in-path',
      { ownerGroup: '..', source: { allowed: ['/{{ .OwnerGroup }}'] } },
      ['allowed-folders'],
    ],
  ])('makes no path out of what the check %s has refused', (_check, parts, unmade) => {
    const unchecked = pathRules(request(parts)).rules.filter(
      ({ outcome }) => outcome === 'not-checked',
    );
    expect(unchecked.map(({ rule, found }) => [rule, found])).toEqual(
      unmade.map((rule) => [rule, undefined]),
    );
  });

  test('agrees with the resolution, whatever comes in', () => {
    const text = fc.constantFrom('/data/p1/run', '/data', '..', '/data/../x', 'a/b', '', '~', 'x');
    fc.assert(
      fc.property(
        fc.record({ pid: text, sourceFolder: text, ownerGroup: text, username: text, root: text }),
        fc.subarray(['/data', '/{{ .Username }}', '/data/{{ .OwnerGroup }}']),
        (parts, allowed) => {
          const { rules, paths } = pathRules(
            request({
              ...parts,
              source: allowed.length === 0 ? {} : { allowed },
              destination: { destination: '/{{ .Username }}/{{ .PidShort }}' },
            }),
          );
          expect(rules.map(({ rule }) => rule)).toEqual(PATH_CHECKS);
          const outcomes = rules.map(({ outcome }) => outcome);
          if (outcomes.includes('refused')) expect(paths).toBeUndefined();
          else {
            const [sourcePath, destinationPath] = rules.slice(-2).map(({ found }) => found?.[0]);
            expect(paths).toEqual({ sourcePath, destinationPath });
            expect(outcomes).not.toContain('not-checked');
          }
        },
      ),
    );
  });
});
