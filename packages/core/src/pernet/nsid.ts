/** The namespace has no number here (`NETNSA_NSID_NOT_ASSIGNED`). */
export const NSID_NOT_ASSIGNED: number = -1;
