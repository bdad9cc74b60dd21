/** radvd beside what is compared, with the same file: the system's on a real machine, ours on ours. */
import type { CommandEnv } from '@skbuff/command';
import { radvd } from '@skbuff/radvd';
import type { Service } from './tools-lab.ts';

const CONFIG = `interface eth0 {
  AdvSendAdvert on; MinRtrAdvInterval 3; MaxRtrAdvInterval 10;
  AdvManagedFlag on; AdvOtherConfigFlag on; AdvReachableTime 5000; AdvRetransTimer 700; AdvLinkMTU 1450; AdvCurHopLimit 60;
  AdvDefaultPreference high; AdvDefaultLifetime 900;
  prefix 2001:db8:1::/64 { AdvValidLifetime 7200; AdvPreferredLifetime 3600; };
  prefix 2001:db8:77::/48 { AdvOnLink off; AdvAutonomous off; AdvValidLifetime infinity; AdvPreferredLifetime infinity; };
  route 2001:db8:aa::/48 { AdvRoutePreference low; AdvRouteLifetime 600; };
  route ::/0 { AdvRouteLifetime 90; };
  RDNSS 2001:db8::53 2001:db8::54 { AdvRDNSSLifetime 300; };
  DNSSL example.org sub.example.com { AdvDNSSLLifetime 400; };
};
`;

/** The file is in memory, and nothing stays behind. */
const THEIRS = `
import os
fd = os.memfd_create('radvd.conf', 0)
os.fchmod(fd, 0o644)
os.write(fd, b'''${CONFIG}''')
print('ready')
os.execvp('radvd', ['radvd', '-n', '-m', 'none', '-C', f'/proc/self/fd/{fd}', '-p', f'/tmp/radvd-{os.getpid()}.pid'])
`;

export const ADVERTISE: Service = {
  theirs: THEIRS,
  ours: {
    name: 'advertise',
    run(_argv, env) {
      const readFile = (path: string): string | number => (path === 'lab.conf' ? CONFIG : env.readFile(path));
      return radvd.run(['radvd', '-n', '-m', 'none', '-C', 'lab.conf'], Object.create(env, { readFile: { value: readFile } }) as CommandEnv);
    },
  },
};
