import type { Reporter, TestModule } from 'vitest/node';

const key = Symbol.for('errand.test-summary');
const holder = globalThis as { [key]?: { lines: string[] } };

holder[key] ??= { lines: [] };

/**
 * What the run's last lines say about this machine. Vitest loads the config and each global setup as modules of their
 * own, so that what they share hangs on the process.
 */
export const summary: { lines: string[] } = holder[key];

/**
 * Ends the run's output with what it ran on, what it could not run and why, and, as the very last line,
 * `<n> passed, <m> failed`.
 */
export class RunSummary implements Reporter {
  #count = { passed: 0, failed: 0, skipped: 0 };

  onInit(): void {
    // At exit, because other reporters and teardowns still print after the end of the run.
    process.once('exit', (code) => {
      for (const line of ['', ...summary.lines]) process.stdout.write(`${line}\n`);
      const { passed, failed, skipped } = this.#count;
      // A run that could not begin (no PostgreSQL, a broken config) has failed, although no test did.
      const failures = failed === 0 && code !== 0 ? 1 : failed;
      process.stdout.write(`${passed} passed, ${failures} failed${skipped > 0 ? `, ${skipped} skipped` : ''}\n`);
    });
  }

  onTestRunEnd(modules: readonly TestModule[], unhandledErrors: readonly unknown[]): void {
    const count = { passed: 0, failed: unhandledErrors.length, skipped: 0 };
    for (const module of modules) {
      let failedTests = 0;
      for (const test of module.children.allTests()) {
        const { state } = test.result();
        if (state === 'passed') count.passed += 1;
        else if (state === 'failed') failedTests += 1;
        else count.skipped += 1;
      }
      // A file that could not be loaded, or whose hooks failed, has failed although none of its tests did.
      count.failed += failedTests === 0 && !module.ok() ? 1 : failedTests;
    }
    this.#count = count;
  }
}
