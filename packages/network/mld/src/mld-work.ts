/** What the timers of an interface do. */
import type { McastDev, MldWork } from './mcast-dev.ts';
import { mldSendCr, mldSendInitialCr, mldSendReport } from './mld-report.ts';

/** `mld_ifc_work`, `mld_gq_work`, `mld_dad_work`. */
export const mldWork: MldWork = {
  ifc(mc) {
    mldSendCr(mc);
    if (mc.ifcCount !== 0 && --mc.ifcCount !== 0) mc.startRandom(mc.ifcTimer, mc.unsolicitedReportInterval());
  },
  gq: (mc) => mldSendReport(mc, null),
  dad: initialReport,
};

/** `ipv6_mc_dad_complete`: until now reports came from ::, and switches need not have listened to them. */
export function ipv6McDadComplete(mc: McastDev): void {
  mc.dadCount = mc.qrv;
  initialReport(mc);
}

function initialReport(mc: McastDev): void {
  mldSendInitialCr(mc);
  if (mc.dadCount !== 0 && --mc.dadCount !== 0) mc.startRandom(mc.dadTimer, mc.unsolicitedReportInterval());
}
