/** Expressions made by chance: primitives of all kinds and comparisons of values, joined. */
type Dice = (n: number) => number;

const ALONE: readonly string[] = [
  'ip', 'ip6', 'arp', 'rarp', 'tcp', 'udp', 'icmp', 'icmp6', 'igmp', 'sctp', 'ip multicast', 'ip6 multicast', 'stp', 'ipx', 'atalk', 'isis',
  'host ::1', 'net 2001:db8::/32', 'src host fe80::1', 'arp host 10.0.0.1', 'ip host 10.0.0.1', 'ether proto 0x806', 'icmp6 and host ::1',
  'src and dst host 1.2.3.4', 'net 10.0.0.0/8', 'dst net 192.168.0.0/16', 'src host 1.2.3.4', 'greater 64', 'less 128', 'ip proto 17', 'ip6 proto 6',
];
const PORTS: readonly string[] = ['port 53', 'port 80', 'tcp port 80', 'udp port 53', 'src port 22', 'tcp dst port 22', 'portrange 5-10', 'tcp portrange 53-53', 'src portrange 0-1023'];
const CONSTANTS: readonly string[] = ['0', '1', '2', '3', '5', '8', '20', '0xf', '0xff', 'len', 'icmp-echo', 'tcp-syn', '1500', '0xffff'];
const LOADS: readonly string[] = ['ip', 'tcp', 'udp', 'ether', 'ip6', 'arp', 'icmp', 'icmp6'];
const OPERATIONS: readonly string[] = ['+', '-', '*', '&', '|', '^', '<<', '>>'];

/** `total`: without what ends a program, divisions and loads from anywhere. */
export function randomExpression(next: Dice, total = false): string {
  const operations = total ? OPERATIONS : [...OPERATIONS, '/', '%'];
  const pick = (list: readonly string[]): string => list[next(list.length)] as string;
  const value = (depth: number): string => {
    if (depth > 2 || next(3) === 0) return pick(CONSTANTS);
    if (next(3) === 0) return `(${value(depth + 1)} ${pick(operations)} ${value(depth + 1)})`;
    return `${pick(LOADS)}[${total || next(3) > 0 ? next(20) : value(depth + 1)}${pick(['', ':2', ':4'])}]`;
  };
  const primitive = (): string => {
    const kind = next(3);
    return kind === 0 ? pick(ALONE) : kind === 1 ? pick(PORTS) : `${value(0)} ${pick(['=', '!=', '<', '>', '<=', '>='])} ${value(1)}`;
  };
  const expression = (depth: number): string => {
    const kind = next(6);
    if (depth > 3 || kind === 0) return primitive();
    if (kind === 1) return `not (${expression(depth + 1)})`;
    return kind === 2 ? `(${expression(depth + 1)})` : `${expression(depth + 1)} ${pick(['and', 'or'])} ${expression(depth + 1)}`;
  };
  return expression(0);
}
