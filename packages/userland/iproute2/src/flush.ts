/** Flushing: dump, delete what was told, and again until nothing is left. */
import { strerror } from '@skbuff/uapi';
import type { IpContext } from './context.ts';

export interface FlushJob {
  /** What is deleted, in the plural. */
  readonly what: string;
  /** Give up after so many rounds; 0 = never. */
  readonly rounds: number;
  /** An errno that deleting may meet. */
  readonly ignore: number;
  /** One round is all that can be done. */
  readonly once: boolean;
  /** Status when the dump fails. */
  readonly failStatus: number;
  /** That nothing was found is said; else that it is complete. Default: true. */
  readonly nothing?: boolean;
  /** What is said when it is given up. */
  readonly giveUp?: string;
  /** The messages that delete; null when the dump failed. */
  collect(): Uint8Array[] | null;
}

export function flushRounds(ctx: IpContext, job: FlushJob): number {
  const { out, options } = ctx;
  for (let round = 0; ; ) {
    const batch = job.collect();
    if (batch === null) return ctx.die(job.failStatus, 'Flush terminated\n');
    if (batch.length === 0) return done(ctx, job, round);
    round++;
    for (const message of batch) {
      const err = ctx.rtnl.sendCheck(message);
      if (err === 0 || err === -job.ignore) continue;
      ctx.stderr(`Failed to send flush request: ${strerror(err)}\n`);
      return 1;
    }
    if (options.stats > 0) out.raw(`\n*** Round ${round}, deleting ${batch.length} ${job.what} ***\n`);
    if (job.once) return done(ctx, job, round);
    if (job.rounds !== 0 && round >= job.rounds) {
      ctx.stderr(job.giveUp ?? `*** Flush remains incomplete after ${job.rounds} rounds. ***\n`);
      return 1;
    }
  }
}

function done(ctx: IpContext, { nothing = true }: FlushJob, round: number): number {
  if (ctx.options.stats > 0) ctx.out.raw(round === 0 && nothing ? 'Nothing to flush.\n' : `*** Flush is complete after ${round} round${round > 1 ? 's' : ''} ***\n`);
  return 0;
}
