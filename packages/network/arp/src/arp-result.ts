/** What became of a request that was looked at. */

/** The packet taught us all that it can. */
export const ARP_DONE = 0;
/** It waits in the proxy queue. */
export const ARP_QUEUED = 1;
/** It is not answered, but may teach something. */
export const ARP_GO_ON = 2;
