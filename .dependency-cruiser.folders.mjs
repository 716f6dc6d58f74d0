import files from './.dependency-cruiser.mjs';

/**
 * Cycles among folders. Specs are left out, unlike in `.dependency-cruiser.mjs`: they import from
 * `test/support`, which knows all of `src`, and nothing imports them.
 *
 * A folder counts with all below it here, so that imports between a folder and its own subfolders
 * are no cycle; `no-import-from-above` sees to those.
 */
export default {
  forbidden: [
    {
      name: 'no-folder-cycle',
      comment: 'Folders import each other in a circle; imports of types count too.',
      severity: 'error',
      scope: 'folder',
      from: {},
      to: { circular: true },
    },
  ],
  options: { ...files.options, exclude: { path: '\\.spec\\.ts$' } },
};
