/** The command `rdisc6`: asks the routers of a link, and shows what they advertise. */
import { type Command, exitStatus } from '@skbuff/command';
import { NDISC_ROUTER_ADVERTISEMENT, NDISC_ROUTER_SOLICITATION } from '@skbuff/uapi';
import { type Discovery, discover } from './discovery.ts';
import { advertText, isAdvert } from './router-advert.ts';

/** A solicitation without options. */
const SOLICIT_LEN = 8;

const RDISC6: Discovery = {
  name: 'rdisc6',
  words: '[IPv6 address] <interface>',
  purpose: 'Solicits on-link IPv6 routers (Router Discovery)',
  quiet: 'advertized prefixes',
  everybody: 'ff02::2',
  single: false,
  wait: 4000,
  advert: NDISC_ROUTER_ADVERTISEMENT,
  solicit(_env, target) {
    const packet = new Uint8Array(SOLICIT_LEN);
    packet[0] = NDISC_ROUTER_SOLICITATION;
    return { packet, to: target };
  },
  tell(advert, _target, verbose) {
    return isAdvert(advert) ? advertText(advert, verbose) : { text: '', valid: false };
  },
};

/** `rdisc6` of ndisc6 1.0.5. */
export const rdisc6: Command = { name: 'rdisc6', run: (argv, env) => exitStatus(() => discover(RDISC6, argv, env)) };
