import { expect, it } from 'vitest';
import { tally } from '../../tally.mjs';

const result = (status: string, fullName: string): { status: string; fullName: string } => ({ status, fullName });

it('counts tests, files that could not be loaded, and names what was skipped', () => {
  const report = {
    testResults: [
      { name: 'a', status: 'failed', assertionResults: [result('passed', 'one'), result('failed', 'two'), result('pending', 'three')] },
      { name: 'b', status: 'failed', assertionResults: [] },
      { name: 'c', status: 'passed', assertionResults: [result('passed', 'four'), result('skipped', 'five')] },
      { name: 'd', status: 'failed', assertionResults: [result('passed', 'six, then afterAll threw')] },
    ],
  };
  expect(tally(report)).toEqual({ passed: 3, failed: 3, skipped: ['three', 'five'] });
});
