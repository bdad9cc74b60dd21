// How the tools start other programs: quietly, with their output shown only when they fail.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = path.dirname(path.dirname(fileURLToPath(import.meta.url)));

/** @type {Record<string, string | undefined>} */
const ENV = {
  ...process.env,
  npm_config_loglevel: 'error',
  npm_config_update_notifier: 'false',
  npm_config_fund: 'false',
  npm_config_audit: 'false',
  TURBO_TELEMETRY_DISABLED: '1',
  TURBO_NO_UPDATE_NOTIFIER: '1',
  DO_NOT_TRACK: '1',
};
// Set when npx itself started us (`npx -p node@24 npm test`); an npx that we start must not inherit it.
delete ENV.npm_config_package;
delete ENV.npm_config_call;

/** The pinned pnpm, through npx: nothing has to be installed globally. @returns {string[]} */
export function pnpmCommand() {
  const manifest = JSON.parse(readFileSync(path.join(ROOT, 'package.json'), 'utf8'));
  const [version = ''] = manifest.packageManager.split('+');
  return ['npx', '--yes', version];
}

/** Installs what the lock file says and builds every package, each only where something changed. */
export function prepare() {
  const pnpm = pnpmCommand();
  return (
    step('install', [...pnpm, 'install', '--frozen-lockfile', '--config.confirmModulesPurge=false']) &&
    step('build: every package with its own config, without platform types', [...pnpm, 'exec', 'turbo', 'run', 'build', '--output-logs=errors-only'])
  );
}

/**
 * Runs a program with its output passed through.
 * @param {string[]} command
 * @param {{ cwd?: string }} [options]
 * @returns {number} exit code
 */
export function show([program = '', ...args], options = {}) {
  const result = spawnSync(program, args, { cwd: options.cwd ?? ROOT, env: ENV, stdio: 'inherit', shell: process.platform === 'win32' });
  return result.status ?? 1;
}

/**
 * Runs a program and keeps its output.
 * @param {string[]} command
 * @param {{ cwd?: string }} [options]
 * @returns {{ ok: boolean, stdout: string, output: string }}
 */
export function capture([program = '', ...args], options = {}) {
  const result = spawnSync(program, args, {
    cwd: options.cwd ?? ROOT, env: ENV, stdio: ['ignore', 'pipe', 'pipe'], encoding: 'utf8', maxBuffer: 1 << 28, shell: process.platform === 'win32',
  });
  const output = `${result.stdout ?? ''}${result.stderr ?? ''}${result.error?.message ?? ''}`;
  return { ok: result.status === 0, stdout: result.stdout ?? '', output: output || `exit code ${result.status ?? result.signal}, without a word` };
}

/**
 * A step with a name: prints the time that it took, or all that it said when it failed.
 * @param {string} name
 * @param {string[]} command
 * @returns {boolean}
 */
export function step(name, command) {
  const begin = Date.now();
  const { ok, output } = capture(command);
  const seconds = ((Date.now() - begin) / 1000).toFixed(1);
  console.log(`${ok ? '✓' : '✗'} ${name} (${seconds} s)`);
  if (!ok) console.log(output);
  return ok;
}
