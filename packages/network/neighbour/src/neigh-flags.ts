/** Flags of a neighbour that NDA_FLAGS_EXT carries, as they lie in `neigh.flags`. */
import { NTF_EXT_EXT_VALIDATED, NTF_EXT_MANAGED } from '@skbuff/uapi';

/** Flags of NDA_FLAGS_EXT lie this far up in `neigh.flags`. */
export const NTF_EXT_SHIFT = 8;
export const NTF_MANAGED: number = NTF_EXT_MANAGED << NTF_EXT_SHIFT;
/** When nobody answers the entry becomes STALE and not FAILED; it is neither collected nor lost with the carrier. */
export const NTF_EXT_VALIDATED: number = NTF_EXT_EXT_VALIDATED << NTF_EXT_SHIFT;
