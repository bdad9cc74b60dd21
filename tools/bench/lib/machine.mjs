// What a figure was measured on, and where it is written.
import { mkdirSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import { dirname } from 'node:path';

export function machineFacts() {
  const cpus = os.cpus();
  return {
    cpu: cpus[0]?.model.trim() ?? 'unknown',
    cores: cpus.length,
    node: process.version,
    v8: process.versions.v8,
    kernel: `${os.type()} ${os.release()} ${os.arch()}`,
    loadBefore: os.loadavg()[0],
    at: new Date().toISOString(),
  };
}

/** @param {ReturnType<typeof machineFacts>} facts */
export function printFacts(facts) {
  console.log(`${facts.cpu}, ${facts.cores} cores · ${facts.kernel} · node ${facts.node} (V8 ${facts.v8}) · load ${facts.loadBefore.toFixed(2)}`);
  if (facts.loadBefore > facts.cores / 2) console.log('the machine is busy: absolute figures will be low, and ratios will scatter');
}

/**
 * @param {string} file
 * @param {unknown} result
 */
export function writeResult(file, result) {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, `${JSON.stringify(result, null, 2)}\n`);
  console.log(`\nwritten to ${file}`);
}
