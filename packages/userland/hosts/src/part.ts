/** What the parts of the control plane of a host have in common. */
import type { Net } from '@skbuff/core';
import type { NlMsgHdr } from '@skbuff/netlink';
import { SysError } from '@skbuff/sock';
import { ENODEV, NLA_HDRLEN } from '@skbuff/uapi';
import { afBitLen, inetNtop } from '@skbuff/wire';
import type { RtnlClient } from './rtnl-client.ts';

/** Common to the parts: the client and the device names. */
export abstract class Part {
  protected readonly client: RtnlClient;
  protected readonly net: Net;

  constructor(net: Net, client: RtnlClient) {
    this.net = net;
    this.client = client;
  }

  protected index(dev: string): number {
    const found = this.net.devGetByName(dev);
    if (found === null) {
      const known = this.net.devList.map((other) => other.name).join(', ');
      throw new SysError(`device ${dev}`, ENODEV, `There is no such device here; there are: ${known}`);
    }
    return found.ifindex;
  }

  protected name(ifindex: number): string {
    return this.net.devGetByIndex(ifindex)?.name ?? `if${ifindex}`;
  }
}

/** The text of an address in a message. */
export function nlaAddress(nlh: NlMsgHdr, attr: number, family: number): string {
  return inetNtop(family, nlh.buf.subarray(attr + NLA_HDRLEN, attr + NLA_HDRLEN + afBitLen(family) / 8)) ?? '';
}
