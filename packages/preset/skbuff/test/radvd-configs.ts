/** Configuration files for radvd, and what is sent to it. */

/** Numbers that look random and are the same each time (a linear congruential generator). */
export class Dice {
  private state: number;

  constructor(seed: number) {
    this.state = seed >>> 0;
  }

  /** 0 … n-1. */
  below(n: number): number {
    this.state = (Math.imul(this.state, 1664525) + 1013904223) >>> 0;
    return Math.floor((this.state / 2 ** 32) * n);
  }

  of<T>(all: readonly T[]): T {
    return all[this.below(all.length)] as T;
  }

  /** Now and then. */
  some(of: number, make: () => string): string {
    return this.below(of) === 0 ? make() : '';
  }
}

const onOff = (d: Dice): string => d.of(['on', 'off']);

/** A mix of all settings, most of them within their limits. */
export function randomConfig(seed: number): string {
  const d = new Dice(seed);
  const max = 4 + d.below(1797);
  const lifetime = (): string => d.of(['infinity', String(max + d.below(100_000))]);
  const addr = (): string => `2001:db8:${d.below(0xffff).toString(16)}::${(1 + d.below(0xffff)).toString(16)}`;
  const times = (n: number, make: () => string): string => Array.from({ length: d.below(n + 1) }, make).join('\n');
  const name = (): string => d.of(['example.com', 'a.b.c', 'x', 'long-label-number-one.test', 'tail.']);
  return `interface va {
    AdvSendAdvert on;
    MaxRtrAdvInterval ${max}; ${d.some(2, () => `MinRtrAdvInterval ${3 + d.below(Math.max(1, Math.floor(max * 0.75) - 3))};`)}
    ${d.some(3, () => `MinDelayBetweenRAs ${3 + d.below(5)};`)}
    ${d.some(2, () => `AdvManagedFlag ${onOff(d)};`)} ${d.some(2, () => `AdvOtherConfigFlag ${onOff(d)};`)}
    ${d.some(2, () => `AdvLinkMTU ${d.of([0, 1280, 1400, 1500, 1501])};`)}
    ${d.some(2, () => `AdvReachableTime ${d.below(3_600_000)};`)} ${d.some(2, () => `AdvRetransTimer ${d.below(10_000)};`)}
    ${d.some(2, () => `AdvCurHopLimit ${d.below(300)};`)} ${d.some(2, () => `AdvDefaultLifetime ${d.of([0, max, max + d.below(7000)])};`)}
    ${d.some(2, () => `AdvDefaultPreference ${d.of(['low', 'medium', 'high'])};`)} ${d.some(2, () => `AdvSourceLLAddress ${onOff(d)};`)}
    ${d.some(4, () => `AdvHomeAgentFlag on; AdvHomeAgentInfo on; HomeAgentPreference ${d.below(9)}; ${d.some(2, () => 'AdvMobRtrSupportFlag on;')}`)}
    ${d.some(4, () => 'AdvIntervalOpt on;')} ${d.some(6, () => 'UnicastOnly on;')} ${d.some(6, () => `clients { fe80::${d.below(9999)}; fe80::1:1; };`)}
    ${d.some(5, () => `AdvRASrcAddress { ${d.of(['2001:db8:77::1', 'fe80::ff:fe00:1', 'fe80::9'])}; };`)}
    ${times(3, () => `prefix ${addr()}/${d.of([64, 64, 48, 128])} { AdvOnLink ${onOff(d)}; AdvAutonomous ${onOff(d)}; AdvRouterAddr ${onOff(d)}; ${d.some(2, () => `AdvValidLifetime ${lifetime()}; AdvPreferredLifetime 3;`)} DeprecatePrefix ${onOff(d)}; DecrementLifetimes ${onOff(d)}; };`)}
    ${d.some(5, () => 'prefix ::/64 { };')} ${d.some(6, () => 'prefix 2001:db8:0:5::/64 { Base6to4Interface va; };')} ${d.some(6, () => 'prefix ::/64 { Base6Interface va; };')}
    ${times(3, () => `route ${addr()}/${d.below(129)} { ${d.some(2, () => `AdvRoutePreference ${d.of(['low', 'medium', 'high'])};`)} ${d.some(2, () => `AdvRouteLifetime ${lifetime()};`)} RemoveRoute ${onOff(d)}; };`)}
    ${times(2, () => `RDNSS ${addr()} ${d.some(2, addr)} { ${d.some(2, () => `AdvRDNSSLifetime ${lifetime()};`)} FlushRDNSS ${onOff(d)}; };`)}
    ${times(2, () => `DNSSL ${name()} ${d.some(2, name)} { ${d.some(2, () => `AdvDNSSLLifetime ${lifetime()};`)} FlushDNSSL ${onOff(d)}; };`)}
    ${d.some(6, () => 'abro fe80::1 { AdvVersionLow 10; AdvVersionHigh 2; AdvValidLifeTime 2; };')}
    ${d.some(6, () => 'lowpanco { AdvContextLength 64; AdvContextCompressionFlag on; AdvContextID 3; AdvLifeTime 4; };')}
};
`;
}

/** Whole files that are refused, or are not but should look so. */
export const ODD_FILES: readonly string[] = [
  '', '\n', 'foo', '# comment', 'interface va { };', 'interface va { }', 'interface va { }; # end', 'interface va { }; # end\n', 'interface va { }; };', 'interface { };',
  'interface 5 { };', 'interface -1 { };', 'interface 1.2 { };', 'interface "va" { };', 'interface low { };', 'interface a::b { };', "interface a'b { };",
  'interface va { };\r\n', 'interface va { }; interface va { Foo };', 'interface verylonginterfacename0 { };', 'interface nope { IgnoreIfMissing off; };',
  'interface nope { AdvSendAdvert on; }; interface lo { AdvSendAdvert on; }; interface va { AdvSendAdvert on; };',
  'prefix 1::/64 { };', 'interface va\n{\n\n AdvSendAdvert\ton;\n \n prefix 2001:db8::/64 {\n   AdvOnLink\n  maybe',
];

/** What stands in the block of an interface. */
export const ODD_OPTIONS: readonly string[] = [
  'Foo on;', 'AdvSendAdvert on', 'AdvSendAdvert ON;', 'advsendadvert on;', 'AdvSendAdvert maybe;', 'AdvSendAdvert on;;', '@;', '// no comment',
  'MinRtrAdvInterval 2;', 'MaxRtrAdvInterval 3;', 'MaxRtrAdvInterval 1801;', 'MaxRtrAdvInterval 5.5;', 'MaxRtrAdvInterval 5.;', 'MaxRtrAdvInterval -5;', 'MaxRtrAdvInterval 10; MinRtrAdvInterval 8;',
  'MinDelayBetweenRAs 2;', 'AdvLinkMTU 1000;', 'AdvLinkMTU 1600;', 'AdvLinkMTU 1280.5;', 'AdvLinkMTU 0x500;', 'AdvReachableTime 3600001;', 'AdvRetransTimer 4294967295;', 'AdvRetransTimer 4294967296;',
  'AdvCurHopLimit 256;', 'AdvDefaultLifetime 10;', 'AdvDefaultLifetime 9001;', 'AdvDefaultPreference bad;', 'AdvHomeAgentInfo on;', 'AdvMobRtrSupportFlag on;',
  'AdvHomeAgentFlag on; AdvHomeAgentInfo on; HomeAgentLifetime 0;', 'AdvHomeAgentFlag on; MinRtrAdvInterval 0.02; MaxRtrAdvInterval 0.06; MinDelayBetweenRAs 0.02;',
  'prefix 2001:db8::/129 { };', 'prefix 2001:db8::/64;', 'prefix 2001:db8:/64 { };', 'prefix ::1/64 { };', 'prefix 2001:db8::/64 { AdvValidLifetime 10; };', 'prefix 1::/64 { Foo on; };',
  'prefix 2001:db8::/48 { Base6Interface va; };', 'prefix 2001:db8::/64 { Base6Interface nope; }; prefix 2001:db8::/64 { Base6to4Interface nope; };', 'prefix ::ffff:1.2.3.4/64 { };',
  'route 1::/129 { };', 'route 1::/64;', 'AdvDefaultLifetime 0; route ::/0 { };', 'route ::/0 { AdvRouteLifetime 0; };',
  'prefix 2001:db8::/64 { Base6to4Interface nope };', 'prefix 2001:db8::/48 { Base6Interface nope }', 'RDNSS 1:: { AdvRDNSSLifetime 1201 };', 'RDNSS 1:: { AdvRDNSSOpen on }',
  'RDNSS { };', 'RDNSS 1::;', 'RDNSS 1:2 { };', 'RDNSS 1:: 2:: 3:: 4:: { };', 'RDNSS 1:: { AdvRDNSSLifetime 5; };', 'RDNSS 1:: { AdvRDNSSLifetime 1201; };', 'RDNSS 1:: { AdvRDNSSPreference 4; AdvRDNSSOpen on; };',
  'DNSSL { };', 'DNSSL foo_bar { };', 'DNSSL "a" { };', 'DNSSL 12 { };', 'DNSSL a..b { }; DNSSL .a { };', 'DNSSL a { AdvDNSSLLifetime 3; };', 'DNSSL a { AdvDNSSLLifetime infinity; };',
  'clients { };', 'clients { fe80::1 };', 'AdvRASrcAddress { };', 'AdvRASrcAddress { fe80::1; };', 'abro fe80::1;', 'abro fe80::1/64 { };', 'lowpanco 1::/64 { };',
  `DNSSL ${Array.from({ length: 33 }, (_, i) => `${'a'.repeat(43)}${i}.example.com`).join(' ')} { }; prefix 1::/64 { }; AdvLinkMTU 1400;`,
  Array.from({ length: 60 }, (_, i) => `prefix 2001:db8:${i}::/64 { };`).join(' '),
];
