// Processes that the benchmark starts, pinned to a core, and what must be undone however it ends.
import { execFileSync, spawn } from 'node:child_process';
import os from 'node:os';

/** @type {(() => void)[]} */
const undo = [];

/** @param {() => void} action synchronous, may be repeated; actions run in reverse order, once, when the process ends in whatever way */
export function atExit(action) {
  undo.push(action);
}

/** A signal to the whole process group may hit a command of an action as well: hence more than one attempt. */
const ATTEMPTS = 3;

function undoAll() {
  for (let action = undo.pop(); action !== undefined; action = undo.pop()) {
    for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
      try {
        action();
        break;
      } catch (error) {
        if (attempt === ATTEMPTS) console.error(`cleaning up: ${error instanceof Error ? error.message : error}`);
      }
    }
  }
}

process.on('exit', undoAll);
for (const [signal, code] of /** @type {const} */ ([['SIGINT', 130], ['SIGTERM', 143], ['SIGHUP', 129]])) {
  process.on(signal, () => process.exit(code));
}

/** @param {string} program */
export function isInstalled(program) {
  try {
    execFileSync('sh', ['-c', 'command -v "$1"', 'sh', program], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

/**
 * The core that one-thread measurements of either side run on: the last one, as the first takes most interrupts.
 * Undefined where there is nothing to pin with, or only one core.
 *
 * @returns {number | undefined}
 */
export function benchCore() {
  const cores = os.cpus().length;
  return process.platform === 'linux' && cores > 1 && isInstalled('taskset') ? cores - 1 : undefined;
}

/**
 * @param {number | undefined} core
 * @param {string[]} command
 */
export const pinned = (core, command) => (core === undefined ? command : ['taskset', '-c', String(core), ...command]);

/**
 * Starts a process that is ended with ours at the latest.
 *
 * @param {string[]} command
 * @param {import('node:child_process').StdioOptions} stdio
 */
export function start(command, stdio) {
  const child = spawn(command[0], command.slice(1), { stdio });
  atExit(() => {
    if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
  });
  return child;
}

/**
 * A started program that says "ready" on a line of its own before it is of use.
 *
 * @param {string[]} command
 */
export async function startAndAwaitReady(command) {
  const child = start(command, ['pipe', 'pipe', 'pipe']);
  const output = collect(child);
  await new Promise((resolve, reject) => {
    child.stdout?.on('data', () => {
      if (output.out().startsWith('ready\n')) resolve(undefined);
    });
    output.done.then(() => reject(new Error(`${command.join(' ')}: ended too early`)), reject);
  });
  return { child, output };
}

/**
 * Runs to the end; throws with its stderr when it fails.
 *
 * @param {string[]} command
 */
export async function run(command) {
  const output = collect(start(command, ['ignore', 'pipe', 'pipe']), command.join(' '));
  await output.done;
  return output.out();
}

/**
 * @param {import('node:child_process').ChildProcess} child
 * @param {string} name
 */
function collect(child, name = child.spawnargs.join(' ')) {
  let out = '';
  let err = '';
  child.stdout?.on('data', (data) => (out += data));
  child.stderr?.on('data', (data) => (err += data));
  /** @type {Promise<void>} */
  const done = new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => {
      if (code === 0) resolve();
      else reject(new Error(`${name}: ${err.trim() || `ended with ${signal ?? code}`}`));
    });
  });
  done.catch(() => {}); // whoever needs it awaits it
  return { out: () => out, done };
}
