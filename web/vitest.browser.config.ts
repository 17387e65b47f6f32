import { BaseSequencer, type TestSpecification } from 'vitest/node';
import { defineConfig } from 'vitest/config';
import { Summary } from './build/summary.ts';

/** By name, so that shopper.test.ts comes last: it leaves nothing of a sale that all of them may share. */
class ByName extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    return files.sort((a, b) => (a.moduleId < b.moduleId ? -1 : 1));
  }
}

export default defineConfig({
  test: {
    include: ['browser/**/*.test.ts'],
    // One Chromium and one stack serve all of them, on few cores: one after the other.
    fileParallelism: false,
    sequence: { sequencer: ByName },
    testTimeout: 60_000,
    hookTimeout: 60_000,
    reporters: ['default', new Summary()],
  },
});
