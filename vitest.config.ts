import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';

// Tests run against the sources: the packages export them under the condition `skbuff-source`.
const conditions = ['skbuff-source', 'module', 'node', 'import', 'default'];

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  test: {
    include: ['packages/core/test/**/*.test.ts', 'packages/*/*/test/**/*.test.ts', 'apps/*/test/**/*.test.ts', 'tools/*/test/**/*.test.ts'],
    testTimeout: 30_000,
    // One more than there are processors: those that compare with the running kernel wait for it most of the time.
    maxWorkers: availableParallelism() + 1,
  },
});
