import type { Reporter, TestModule } from 'vitest/node';

/** Ends a run with one line that scripts can read: `12 passed, 0 failed`. A skipped test counts as failed. */
export class Summary implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], errors: readonly unknown[]): void {
    const tests = modules.flatMap((module) => [...module.children.allTests()]);
    const passed = tests.filter((test) => test.result().state === 'passed').length;
    const unloaded = modules.filter((module) => module.errors().length > 0).length;
    console.log(`${passed} passed, ${tests.length - passed + unloaded + errors.length} failed`);
  }
}
