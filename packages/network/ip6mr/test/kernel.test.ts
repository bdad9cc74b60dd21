/**
 * What a daemon asks for, packets, and what a running Linux 6.18 answered, forwarded, told and showed. Bytes behind a message that Linux leaves
 * as they were, and times since an entry was used, are left out.
 */
import { readFileSync } from 'node:fs';
import { NLM_F_DUMP, NLM_F_REQUEST, RTM_GETROUTE, RTNL_FAMILY_IP6MR } from '@skbuff/uapi';
import { le64, setLe16, setLe32 } from '@skbuff/wire';
import { expect, it } from 'vitest';
import { Daemon, hex, int, mf6cctl, mif6ctl, Router, sockaddr } from './support.ts';

interface Step {
  readonly step: readonly [string, ...(number | string | number[])[]];
  readonly res: number | readonly (number | string)[];
  readonly frames?: readonly string[];
  readonly upcalls?: readonly string[];
  readonly notes?: readonly string[];
  readonly netconf?: readonly string[];
  /** Absent: as before. */
  readonly vif?: readonly string[];
  readonly cache?: readonly string[];
}

const records = JSON.parse(readFileSync(new URL('./records/kernel.json', import.meta.url), 'utf8')) as Step[];

const masked = (text: string): string => (text.slice(8, 12) === '6000' ? text.split('2c000500')[0] as string : text.replace(/0c001700[0-9a-f]{16}/g, '0c001700'));
const maskedUpcall = (text: string): string => (text.slice(2, 4) === '04' ? text : text.slice(0, 80));

class Replay {
  readonly r: Router = new Router();
  private readonly socks: Map<string, Daemon> = new Map();

  private sk(name: string): Daemon {
    let sk = this.socks.get(name);
    if (sk === undefined) this.socks.set(name, (sk = new Daemon(this.r.net, name.startsWith('r'))));
    return sk;
  }

  private set(name: string, option: number, value: Uint8Array): number {
    return this.r.mroute.setsockopt(this.sk(name), option, value);
  }

  run([op, ...args]: Step['step']): number | (number | string)[] {
    const [a, b, c, d, e] = args as [never, never, never, never, never];
    const { r } = this;
    switch (op) {
      case 'int':
        return this.set(a, b, int(c));
      case 'get': {
        const out = new Uint8Array(4);
        const n = r.mroute.getsockopt(this.sk(a), b, out);
        return n < 0 ? n : (out[0] as number) + (out[1] as number) * 256;
      }
      case 'mif':
        return this.set(a, 202, mif6ctl(b, c, d, e));
      case 'delmif':
        return this.set(a, 203, int(b).subarray(0, 2));
      case 'mfc':
      case 'delmfc':
      case 'mfcproxy':
      case 'delmfcproxy':
        return this.set(a, { mfc: 204, delmfc: 205, mfcproxy: 210, delmfcproxy: 211 }[op], mf6cctl(b, c, d, e));
      case 'send':
        for (let i = 0; i < ((e as number | undefined) ?? 1); i++) r.receive(a, b, c, d);
        return 0;
      case 'sg':
      case 'mifcnt':
        return this.counts(this.sk(a), op, b, c);
      case 'close':
        r.mroute.skDone(this.sk(a));
        this.socks.delete(a);
        return 0;
      case 'wait':
        r.clock.advance((a as number) * 1e6);
        return 0;
      case 'dellink':
        r.unregister(1);
        return 0;
      default:
        return this.dump();
    }
  }

  private counts(sk: Daemon, op: string, b: string & number, c: string): number | number[] {
    const arg = new Uint8Array(op === 'sg' ? 80 : 40);
    const counts = op === 'sg' ? 56 : 8;
    if (op === 'sg') {
      sockaddr(arg, 0, b);
      sockaddr(arg, 28, c);
    } else setLe16(arg, 0, b);
    const err = this.r.mroute.ioctl(sk, op === 'sg' ? 0x89e1 : 0x89e0, arg) as number;
    if (err !== 0) return err;
    return Array.from({ length: (arg.length - counts) / 8 }, (_, i) => Number(le64(arg, counts + i * 8)));
  }

  private dump(): string[] {
    const { port } = this.r;
    const request = new Uint8Array(28);
    setLe32(request, 0, 28);
    setLe16(request, 4, RTM_GETROUTE);
    setLe16(request, 6, NLM_F_REQUEST | NLM_F_DUMP);
    setLe32(request, 8, 1);
    request[16] = RTNL_FAMILY_IP6MR;
    port.sendmsg(request);
    const all: string[] = [];
    for (const { buf, off, len } of this.r.messages()) {
      const message = buf.slice(off, off + len);
      setLe32(message, 12, 0);
      all.push(masked(hex(message)));
    }
    // The kernel's last message came in a datagram of its own, where there were others.
    return all.length > 1 ? all.slice(0, -1) : all;
  }

  /** Milliseconds pass, as the recording took them. */
  settle(): { readonly frames: string[]; readonly upcalls: string[]; readonly notes: string[]; readonly netconf: string[] } {
    const { r } = this;
    r.clock.advance(120e6);
    return {
      frames: r.frames.splice(0).sort(),
      upcalls: [...this.socks.values()].flatMap(({ upcalls }) => upcalls.splice(0)).map(maskedUpcall),
      notes: r.notes().map(masked),
      netconf: r.netconf.splice(0),
    };
  }
}

it('answers, forwards, tells and shows what Linux does [IP6M-02]', () => {
  const replay = new Replay();
  let shown: Pick<Step, 'vif' | 'cache'> = { vif: [], cache: [] };
  for (const [i, { step, res, frames, upcalls, notes, netconf, ...changed }] of records.entries()) {
    shown = { ...shown, ...changed };
    const got = { res: replay.run(step), ...replay.settle(), vif: replay.r.proc('ip6_mr_vif'), cache: replay.r.proc('ip6_mr_cache') };
    expect(got, `${i}: ${JSON.stringify(step)}`).toEqual({ res, frames: frames ?? [], upcalls: upcalls ?? [], notes: notes ?? [], netconf: netconf ?? [], ...shown });
  }
  expect(replay.r.shutdown()).toEqual({});
});
