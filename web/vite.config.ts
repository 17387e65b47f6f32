import { configDefaults, defineConfig } from 'vitest/config';
import { Summary } from './build/summary.ts';
import { weigh } from './build/weigh.ts';

/** The stack that `npm run dev` talks to. */
const STACK = process.env.FIRSTCOME_URL ?? 'http://127.0.0.1:8080';

export default defineConfig({
  server: {
    proxy: { '/v1': STACK, '/config.json': STACK, '/openapi.json': STACK },
    // The console shows the runbooks of the documentation.
    fs: { allow: ['.', '../docs/runbooks'] },
  },
  build: {
    // No data: URLs and no injected preload code, so that a strict Content-Security-Policy can hold.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    // What is bundled keeps its licences beside it.
    license: { fileName: 'licences.md' },
    // The plugin below knows the limits.
    chunkSizeWarningLimit: 2_000,
    rolldownOptions: {
      // One line for each page, and one for its size limit below.
      input: { shopper: 'index.html', console: 'console/index.html', docs: 'docs/index.html' },
    },
  },
  // The API's page is Swagger UI whole, for developers; it shares no chunk with the shop. Its limit notices a second copy.
  plugins: [weigh({ shopper: 30 * 1024, console: 60 * 1024, docs: 400 * 1024 })],
  test: {
    include: ['src/**/*.test.ts', 'build/**/*.test.ts'],
    exclude: configDefaults.exclude,
    reporters: ['default', new Summary()],
  },
});
