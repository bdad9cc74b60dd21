/** `ip link set … xdp off` (`xdp_parse`): programs are taken away; none can be made here, as there is nothing to load one with. */
import * as U from '@skbuff/uapi';
import type { Args } from './args.ts';
import type { LinkParser } from './link-parse.ts';

/** The words, and where the program runs: wherever it can, in the stack, in the driver, in the device. */
export const XDP_WORDS: readonly (readonly [string, number])[] = [
  ['xdp', 0],
  ['xdpgeneric', U.XDP_FLAGS_SKB_MODE],
  ['xdpdrv', U.XDP_FLAGS_DRV_MODE],
  ['xdpoffload', U.XDP_FLAGS_HW_MODE],
];

/** Reads from the word behind `xdp` on; it must be the last one to take a program away. */
export function readXdp({ req }: LinkParser, args: Args, mode: number): void {
  const word = args.next();
  if (word !== 'off' || args.hasNext()) refuse(args, word);
  const { builder } = req;
  const nest = builder.nlaNestStartNoflag(U.IFLA_XDP);
  builder.nlaPutS32(U.IFLA_XDP_FD, -1);
  builder.nlaPutU32(U.IFLA_XDP_FLAGS, U.XDP_FLAGS_UPDATE_IF_NOEXIST | mode);
  builder.nlaNestEnd(nest);
}

function refuse(args: Args, word: string): never {
  if (args.abbr('object')) {
    args.next();
    return args.die(-1, 'Cannot initialize ELF context!\n');
  }
  if (args.abbr('pinned', 'fd')) return args.die(-1, `Couldn't retrieve pinned program '${args.next()}': ${U.strerror(U.ENOENT)}\n`);
  return args.die(-1, `What mode is "${word}"?\n`);
}
