import { describe, expect, it } from '@jest/globals';
import { filesIn, listAt, textOf, yamlOf } from './documents.js';

const FOLDER = '.github/workflows/';

describe('the hosted workflows', () => {
  it.each(filesIn(FOLDER))('%s runs only actions that are given by commit', (name) => {
    const actions = textOf(`${FOLDER}${name}`).match(/uses: .*/g) ?? [];
    expect(actions.length).toBeGreaterThan(0);
    for (const action of actions) {
      expect(action).toMatch(/^uses: actions\/[a-z-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/);
    }
  });

  it('are told of newer actions and base images', () => {
    const updates = listAt(yamlOf(textOf('.github/dependabot.yml')), 'updates');
    expect(updates).toMatchObject([
      { 'package-ecosystem': 'docker' },
      { 'package-ecosystem': 'github-actions' },
    ]);
  });

  it('list the dependencies, and send generated requests to the service', () => {
    const text = textOf(`${FOLDER}ci.yaml`);
    expect(text).toContain('run: node scripts/sbom.mjs sbom.cdx.json\n');
    expect(text).toContain('path: sbom.cdx.json\n');
    expect(text).toContain('run: .ci/fuzz-http ${{ github.run_number }}\n');
  });
});
