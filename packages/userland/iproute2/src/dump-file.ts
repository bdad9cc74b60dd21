/** `save`, `restore` and `showdump`: the kernel's own messages behind a number that tells what they are. */
import { readStdin, type Status } from '@skbuff/command';
import { type NlMsgHdr, nlmsgAll } from '@skbuff/netlink';
import * as U from '@skbuff/uapi';
import { le32, setLe16, setLe32 } from '@skbuff/wire';
import type { IpContext } from './context.ts';

/** What a dump is of, with the first four bytes of its file. */
export interface DumpKind {
  readonly magic: number;
  /** What is returned for a file that is something else: the negative exit status. */
  readonly badStatus: number;
}

export const ROUTE_DUMP: DumpKind = { magic: 0x45311224, badStatus: -1 };
export const ADDR_DUMP: DumpKind = { magic: 0x47361222, badStatus: 1 };
export const RULE_DUMP: DumpKind = { magic: 0x71706986, badStatus: 1 };

/** Writes the messages of a dump to standard output, which should be no terminal. 0, or -1 after a complaint. */
export function saveDump(ctx: IpContext, kind: DumpKind, dump: (each: (nlh: NlMsgHdr) => void) => number): number {
  if (ctx.env.isTerminal) {
    ctx.stderr('Not sending a binary stream to stdout\n');
    return -1;
  }
  ctx.out.flush();
  const sink = ctx.env.create('-');
  if (typeof sink === 'number') return ctx.die(1, `${U.strerror(sink)}\n`);
  const magic = new Uint8Array(4);
  setLe32(magic, 0, kind.magic);
  sink.write(magic);
  try {
    return dump((nlh) => sink.write(nlh.buf.slice(nlh.off, nlh.off + ((nlh.len + 3) & ~3))));
  } finally {
    sink.close();
  }
}

/** Reads a saved dump from standard input and hands its messages over; `each` ends it with a negative number. */
export async function readDump(ctx: IpContext, kind: DumpKind, each: (messages: readonly NlMsgHdr[]) => Status): Promise<number> {
  const bytes = await readStdin(ctx.env);
  const magic = bytes.length >= 4 ? le32(bytes, 0) : 0;
  if (magic !== kind.magic) {
    ctx.stderr(`Magic mismatch (${bytes.length >= 4 ? 1 : 0} elems, ${magic.toString(16)} magic)\n`);
    return kind.badStatus;
  }
  return each([...nlmsgAll(bytes.subarray(4))]);
}

/** Sends a saved message again as a new one (`restore_handler`). What is there already is no failure. */
export function restoreMessage(ctx: IpContext, nlh: NlMsgHdr): number {
  const bytes = nlh.buf.slice(nlh.off, nlh.off + ((nlh.len + 3) & ~3));
  const seq = ctx.rtnl.nextSeq();
  setLe16(bytes, 6, nlh.flags | U.NLM_F_REQUEST | U.NLM_F_CREATE | U.NLM_F_ACK);
  setLe32(bytes, 8, seq);
  const err = ctx.rtnl.talkRaw(bytes, seq);
  return err === -U.EEXIST ? 0 : err;
}
