/** Neighbour discovery's state of one namespace: the socket that it sends by (`net->ipv6.ndisc_sk`). */
import { type Net, NetSlot } from '@skbuff/core';
import { CtlSock6 } from '@skbuff/ipv6';

/** The default of net.core.wmem_default. Messages are sent beyond it, for the link must not go deaf when it is full. */
const SNDBUF = 212992;

/** Nobody who is not on the link can send packets that arrive with this hop limit (RFC 4861 §3.1). */
export const NDISC_HOPLIMIT = 255;

export class NdiscSock extends CtlSock6 {
  constructor(net: Net) {
    super(net, SNDBUF);
    this.pinet6.hopLimit = NDISC_HOPLIMIT;
    // What this host asks it need not hear.
    this.pinet6.mcLoop = false;
  }
}

export const ndiscNet: NetSlot<NdiscSock> = new NetSlot<NdiscSock>('ndisc');
