// Our side from the parent's view: a node process of its own, pinned like the kernel's side, idle between its turns.
import { pinned, start } from './process.mjs';

const WORKER = new URL('./worker.mjs', import.meta.url).pathname;

/**
 * @param {{ file: string, options?: object, core: number | undefined, flags?: string[], watch?: 'coverage' }} what
 */
export async function startOurs({ file, options = {}, core, flags = [], watch }) {
  const child = start(pinned(core, [process.execPath, ...flags, WORKER]), ['ignore', 'inherit', 'inherit', 'ipc']);
  /** @type {Map<number, { resolve: (result: any) => void, reject: (error: Error) => void }>} */
  const waiting = new Map();
  let id = 0;
  child.on('message', (/** @type {{ id: number, result?: unknown, error?: string }} */ reply) => {
    const call = waiting.get(reply.id);
    waiting.delete(reply.id);
    if (reply.error === undefined) call?.resolve(reply.result);
    else call?.reject(new Error(reply.error));
  });
  child.on('exit', (code, signal) => {
    for (const { reject } of waiting.values()) reject(new Error(`our process ended with ${signal ?? code}`));
  });

  /** @param {string} command @param {object} [argument] @returns {Promise<any>} */
  const call = (command, argument) =>
    new Promise((resolve, reject) => {
      waiting.set(++id, { resolve, reject });
      child.send({ id, command, argument });
    });

  await call('load', { file, options, watch });
  return {
    /** @param {number} ms @returns {Promise<{ packets: number, ns: number }>} */
    measure: (ms) => call('run', { ms }),
    call,
    close: () => call('close'),
  };
}
