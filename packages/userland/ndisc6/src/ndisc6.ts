/** The command `ndisc6`: asks a neighbour for its link-layer address. */
import { type Command, exitStatus, IoctlSocket } from '@skbuff/command';
import { ARPHRD_ETHER, NDISC_NEIGHBOUR_ADVERTISEMENT, NDISC_NEIGHBOUR_SOLICITATION, IFREQ_UNION, SIOCGIFHWADDR } from '@skbuff/uapi';
import { addrconfAddrSolictMult, In6Addr, le16 } from '@skbuff/wire';
import { type Discovery, discover, lladdrText, optionsOf } from './discovery.ts';

/** Offsets in a neighbour solicitation or advertisement. */
const TARGET = 8;
const OPTIONS = 24;
const OPT_SOURCE = 1;
const OPT_TARGET = 2;
const ETH_ALEN = 6;

const NDISC6: Discovery = {
  name: 'ndisc6',
  words: '<IPv6 address> <interface>',
  purpose: 'Looks up an on-link IPv6 node link-layer address (Neighbor Discovery)',
  quiet: 'link-layer address',
  everybody: null,
  single: true,
  wait: 1000,
  advert: NDISC_NEIGHBOUR_ADVERTISEMENT,
  solicit(env, target, device) {
    const io = IoctlSocket.open(env);
    const ifreq = typeof io === 'number' ? io : io.ifreq(SIOCGIFHWADDR, device);
    if (typeof io !== 'number') io.close();
    const own = typeof ifreq !== 'number' && le16(ifreq, IFREQ_UNION) === ARPHRD_ETHER ? ifreq.subarray(IFREQ_UNION + 2, IFREQ_UNION + 2 + ETH_ALEN) : null;
    const packet = new Uint8Array(OPTIONS + (own === null ? 0 : 8));
    packet[0] = NDISC_NEIGHBOUR_SOLICITATION;
    target.store(packet, TARGET);
    if (own !== null) packet.set([OPT_SOURCE, 1, ...own], OPTIONS);
    return { packet, to: addrconfAddrSolictMult(new In6Addr(), target) };
  },
  tell(advert, target, verbose) {
    const ours = advert.length >= OPTIONS && advert[0] === NDISC_NEIGHBOUR_ADVERTISEMENT && target.isAt(advert, TARGET);
    const option = ours ? optionsOf(advert, OPTIONS).find(([type]) => type === OPT_TARGET) : undefined;
    if (option === undefined) return { text: '', valid: false };
    return { text: `${verbose ? 'Target link-layer address: ' : ''}${lladdrText(option.subarray(2))}\n`, valid: true };
  },
};

/** `ndisc6` 1.0.5. */
export const ndisc6: Command = { name: 'ndisc6', run: (argv, env) => exitStatus(() => discover(NDISC6, argv, env)) };
