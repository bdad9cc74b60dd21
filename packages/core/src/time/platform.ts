/** The few things of the event loop that clocks need. The only place in the core that asks the platform for anything. */

interface EventLoop {
  setImmediate?: (fn: () => void) => unknown;
  setTimeout: (fn: () => void, ms: number) => unknown;
  clearTimeout: (handle: unknown) => void;
  performance: { now(): number };
  MessageChannel?: new () => { port1: Port; port2: Port };
}

interface Port {
  onmessage: (() => void) | null;
  postMessage(message: null): void;
  ref?: () => void;
  unref?: () => void;
}

/** As they are at load: the fake timers that a test runner puts in their place later are not for the stack, which would stand still. */
const { setImmediate, setTimeout, clearTimeout, performance, MessageChannel: Channel } = globalThis as unknown as EventLoop;

/** Runs `fn` after the microtasks that are pending now, and those that they cause. */
export const macrotask: (fn: () => void) => void = makeMacrotask();

function makeMacrotask(): (fn: () => void) => void {
  if (setImmediate !== undefined) return setImmediate;
  if (Channel === undefined) return (fn) => void setTimeout(fn, 0);
  // Browsers clamp nested timeouts to 4 ms; a message to oneself is not.
  return (fn) => {
    const { port1, port2 } = new Channel();
    port1.onmessage = () => {
      port1.onmessage = null;
      fn();
    };
    port2.postMessage(null);
  };
}

/** Milliseconds of the platform's monotonic clock. */
export function monotonicMs(): number {
  return performance.now();
}

/** Milliseconds since 1970. */
export function wallClockMs(): number {
  return Date.now();
}

/** `keepAlive`: a process that waits for nothing else stays for it (where the platform makes a difference). */
export function startTimeout(fn: () => void, ms: number, keepAlive: boolean): unknown {
  const handle = setTimeout(fn, ms) as { unref?: () => void } | number;
  if (!keepAlive && typeof handle === 'object') handle.unref?.();
  return handle;
}

export function stopTimeout(handle: unknown): void {
  clearTimeout(handle);
}
