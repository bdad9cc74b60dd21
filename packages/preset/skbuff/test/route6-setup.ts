/** A host with a link to itself, and an address of each kind on it. */
export const SETUP: readonly string[] = [
  'ip link set lo up',
  'ip link add v0 type veth peer name v1',
  'ip link set v0 addrgenmode none',
  'ip link set v1 addrgenmode none',
  'ip link set v0 up',
  'ip link set v1 up',
  'ip addr add 2001:db8::1/64 dev v0 nodad',
  'ip addr add fe80::1/64 dev v0 nodad',
  'ip addr add 2001:db8:1::1/64 dev v1 nodad',
];
