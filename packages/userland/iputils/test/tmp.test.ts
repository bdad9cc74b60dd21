import { it } from 'vitest';
import { Lab } from './lab.ts';
it('x', async () => {
  const lab = await new Lab().setup();
  const show = async (args: string): Promise<void> => { const r = await lab.ping('h1', args); console.log(`$ ping ${args}\n${r.stdout}${r.stderr}rc=${r.status}`); };
  for (const a of ['-c 2 10.0.2.2', '-c 1 10.0.2.99', '-c 1 -W 1 10.0.1.99', '-c 1 10.0.1.99', '-c 1 -t 1 10.0.2.2', '-c 1 -s 2000 10.0.2.2', '-c 1 -s 2000 -M do 10.0.2.2', '-c1 -R 10.0.2.2', '-c 3 -l 3 10.0.2.2', '-c 5 -f 10.0.2.2', '-c 3 -f 10.0.1.99', '-c1 10.0.1.255', '-c1 -b 10.0.1.255', '-w 2 10.0.2.2', '-c 5 -w 2 10.0.2.2', '-c2 -O -W 1 10.0.1.99', '-c1 127.0.0.1', '-c1 0', '-c2 -A 10.0.2.2', '-c1 -T tsandaddr 10.0.2.2', '-c3 -q 10.0.1.99', '-c2 -i 0.2 10.0.2.2', '-c1 -v 10.0.2.2', '-c1 -D 10.0.2.2', '-c1 -s 65508 10.0.2.2', '-c1 -I e1 10.0.2.2', '-c1 -I nodev 10.0.2.2', '-c1 -B 10.0.2.2', '-c1 -W1 224.0.0.1', '-c 1 -t 0 10.0.2.2', '-c1 -s 0 10.0.2.2']) await show(a);
  console.log(await lab.ip('h1', 'neigh'), await lab.ip('h1', 'addr'), await lab.ip('h1', 'route'), await lab.ip('r', '-s link'));
});
