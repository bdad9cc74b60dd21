/** `ip link add … type dummy`. */
import type { LinkKind } from './link-kinds.ts';

const HELP = 'Usage: ... dummy\n';

export const dummyKind: LinkKind = {
  name: 'dummy',
  parse(ctx, args) {
    if (!args.abbr('help')) ctx.stderr(`dummy: unknown command "${args.cur}"?\n`);
    ctx.stderr(HELP);
    return false;
  },
  help: HELP,
};
