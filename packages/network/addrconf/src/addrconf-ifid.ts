/** Interface identifiers: the lower half of addresses that nobody typed (RFC 4291 appendix A, RFC 7217, RFC 8981 §3.3). */
import type { NetDevice } from '@skbuff/core';
import { IFA_LINK, type Inet6Dev, ipv6Net } from '@skbuff/ipv6';
import {
  ARPHRD_ARCNET,
  ARPHRD_ETHER,
  ARPHRD_FDDI,
  ARPHRD_INFINIBAND,
  ARPHRD_IP6GRE,
  ARPHRD_RAWIP,
  ARPHRD_TUNNEL6,
  IFA_F_TENTATIVE,
} from '@skbuff/uapi';
import { In6Addr, in6Word } from '@skbuff/wire';
import type { AddrconfRandom } from './addrconf-random.ts';
import { SHA1_BLOCK_SIZE, sha1Block } from './sha1.ts';

/** Bytes of a MAC address, of an InfiniBand address, and where the latter has its port's identifier. */
const ETH_ALEN = 6;
const INFINIBAND_ALEN = 20;
const INFINIBAND_GUID = 12;
/** Universal/local bit of the first byte, inverted in identifiers. */
const UL = 0x02;

/** Where the block for {@link sha1Block} has its parts. */
const BLOCK_PREFIX = 16;
const BLOCK_HWADDR = 24;
const BLOCK_DAD_COUNT = 56;

function identifier(into: In6Addr, eui: readonly number[]): true {
  const bytes = Uint8Array.from(eui);
  into.w2 = in6Word(bytes, 0);
  into.w3 = in6Word(bytes, 4);
  return true;
}

/** `addrconf_ifid_eui48`: ports of one card that share an address are told apart by their number, which then is not universal. */
function eui48(into: In6Addr, addr: Uint8Array, devId: number): boolean {
  const [a, b, c, d, e, f] = addr as unknown as [number, number, number, number, number, number];
  if (devId !== 0) return identifier(into, [a, b, c, devId >> 8, devId, d, e, f]);
  return identifier(into, [a ^ UL, b, c, 0xff, 0xfe, d, e, f]);
}

/** `ipv6_generate_eui64`: fills in the lower half from the device's link-layer address; false: its kind has none that will do. */
export function ipv6GenerateEui64(into: In6Addr, dev: NetDevice): boolean {
  const { type, addrLen, devAddr } = dev;
  if (type === ARPHRD_ETHER || type === ARPHRD_FDDI) return addrLen === ETH_ALEN && eui48(into, devAddr, dev.devId);
  if (type === ARPHRD_ARCNET) return addrLen === 1 && identifier(into, [0, 0, 0, 0, 0, 0, 0, devAddr[0] as number]);
  if (type === ARPHRD_INFINIBAND) {
    if (addrLen !== INFINIBAND_ALEN) return false;
    const guid = [...devAddr.subarray(INFINIBAND_GUID, INFINIBAND_ALEN)] as [number, ...number[]];
    return identifier(into, [guid[0] | UL, ...guid.slice(1)]);
  }
  if (type === ARPHRD_TUNNEL6 || type === ARPHRD_IP6GRE || type === ARPHRD_RAWIP) return eui48(into, dev.permAddr, 0);
  return false;
}

/** `ipv6_inherit_eui64`: fills in the lower half of the interface's oldest link-local address that is in use; false: it has none. */
export function ipv6InheritEui64(into: In6Addr, { addrList }: Inet6Dev): boolean {
  const ifp = addrList.findLast(({ scope, flags }) => scope === IFA_LINK && (flags & IFA_F_TENTATIVE) === 0);
  if (ifp === undefined) return false;
  into.w2 = ifp.addr.w2;
  into.w3 = ifp.addr.w3;
  return true;
}

/** `ipv6_reserved_interfaceid` (RFC 5453): the subnet-router's, those of ISATAP, anycast. */
function reserved(w2: number, w3: number): boolean {
  if ((w2 | w3) === 0) return true;
  if (w2 === 0x02005efe) return true;
  return w2 === (0xfdffffff | 0) && (w3 & 0xffffff80) === (0xffffff80 | 0);
}

const swap = (w: number): number => (w >>> 24) | ((w >>> 8) & 0xff00) | ((w << 8) & 0xff0000) | (w << 24);

/**
 * `ipv6_generate_stable_address` (RFC 7217): fills in the lower half for the prefix that is in `into`, from the secret, the device's permanent
 * address and how often an address of this kind was taken. False: there is no secret, or no identifier was left.
 */
export function ipv6GenerateStableAddress(into: In6Addr, dadCount: number, idev: Inet6Dev): boolean {
  const { dev } = idev;
  const { devconfDflt, idgenRetries } = ipv6Net.of(dev.net);
  const secret = idev.cnf.stableSecret ?? devconfDflt.stableSecret;
  if (secret === null) return false;
  const block = new Uint8Array(SHA1_BLOCK_SIZE);
  for (let count = dadCount; ; ) {
    into.store(block, BLOCK_PREFIX);
    block.fill(0, BLOCK_HWADDR);
    secret.store(block, 0);
    block.set(dev.permAddr.subarray(0, dev.addrLen), BLOCK_HWADDR);
    block[BLOCK_DAD_COUNT] = count;
    const digest = sha1Block(block);
    // As they lie in the memory of a little-endian machine.
    const w2 = swap(digest[0] as number) | 0;
    const w3 = swap(digest[1] as number) | 0;
    if (!reserved(w2, w3)) {
      into.w2 = w2;
      into.w3 = w3;
      return true;
    }
    if (++count > idgenRetries) return false;
  }
}

/** `ipv6_gen_rnd_iid`: fills in a lower half by chance. */
export function ipv6GenRndIid(into: In6Addr, random: AddrconfRandom): void {
  do {
    into.w2 = random.u32() | 0;
    into.w3 = random.u32() | 0;
  } while (reserved(into.w2, into.w3) || into.w2 === 0x00005efe);
}
