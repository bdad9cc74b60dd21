// The last lines of a test run, read from vitest's JSON report.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { ROOT } from './run.mjs';

export const REPORT = path.join(ROOT, 'node_modules', '.cache', 'skbuff', 'vitest.json');

/**
 * @typedef {{ status: string, fullName: string }} Result
 * @typedef {{ name: string, status: string, assertionResults: Result[] }} FileResult
 */

/** @param {{ testResults: FileResult[] }} report @returns {{ passed: number, failed: number, skipped: string[] }} */
export function tally(report) {
  const results = report.testResults.flatMap((file) => file.assertionResults);
  const broken = report.testResults.filter((file) => file.status === 'failed' && !file.assertionResults.some((r) => r.status === 'failed'));
  return {
    passed: results.filter((r) => r.status === 'passed').length,
    failed: results.filter((r) => r.status === 'failed').length + broken.length,
    skipped: results.filter((r) => r.status !== 'passed' && r.status !== 'failed').map((r) => r.fullName),
  };
}

/** @returns {{ passed: number, failed: number, skipped: string[] } | undefined} undefined: there is no report */
export function readTally() {
  try {
    return tally(JSON.parse(readFileSync(REPORT, 'utf8')));
  } catch {
    return undefined;
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const result = readTally() ?? { passed: 0, failed: 1 };
  console.log(`${result.passed} passed, ${result.failed} failed`);
}
