import { defineConfig } from 'vitest/config';
import { Summary } from './build/summary.ts';

export default defineConfig({
  test: {
    include: ['browser/**/*.test.ts'],
    // One Chromium and one stack serve all of them, on few cores: one after the other.
    fileParallelism: false,
    testTimeout: 60_000,
    hookTimeout: 60_000,
    reporters: ['default', new Summary()],
  },
});
