/** One echo request into the stack, and what comes out of it. */
import type { FramePort } from '@skbuff/frame-port';
import { arpReply, echoLine, echoRequest, type Station } from './frames.ts';
import { createHost } from './stack.ts';

const HERE: Station = { mac: Uint8Array.of(2, 0, 0, 0, 0, 1), address: 0x0a000001 };
const THERE: Station = { mac: Uint8Array.of(2, 0, 0, 0, 0, 2), address: 0x0a000002 };

/** Pings the stack once. The line of its answer, and what was left after its end: nothing, `{}`. */
export function pingOnce(): { readonly line: string | null; readonly leaks: Record<string, number> } {
  let line: string | null = null;
  const port: FramePort = {
    onFrame: null,
    close() {},
    send(frame) {
      const answer = arpReply(HERE, frame);
      if (answer !== null) port.onFrame?.(answer);
      line ??= echoLine(frame);
    },
  };
  const kernel = createHost(port, THERE.mac, THERE.address, 24);
  port.onFrame?.(echoRequest(HERE, THERE, 7, 1));
  kernel.onClock();
  return { line, leaks: kernel.shutdown() };
}
