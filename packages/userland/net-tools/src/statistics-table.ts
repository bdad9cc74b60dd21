/** What netstat -s calls the counters that it knows. */

/** How a counter is shown: always, only when it is not 0, or in a histogram of ICMP messages. */
export type Kind = 'always' | 'some' | 'in' | 'out';

/** `%` stands for the value. */
export interface Description {
  readonly kind: Kind;
  readonly text: string;
}

const TABLES: Readonly<Record<string, Readonly<Record<string, readonly [Kind, string]>>>> = {
  Ip: {
    InReceives: ['always', '% total packets received'],
    InHdrErrors: ['some', '% with invalid headers'],
    InAddrErrors: ['some', '% with invalid addresses'],
    ForwDatagrams: ['always', '% forwarded'],
    InUnknownProtos: ['some', '% with unknown protocol'],
    InDiscards: ['always', '% incoming packets discarded'],
    InDelivers: ['always', '% incoming packets delivered'],
    OutRequests: ['always', '% requests sent out'],
    OutDiscards: ['some', '% outgoing packets dropped'],
    OutNoRoutes: ['some', '% dropped because of missing route'],
    ReasmTimeout: ['some', '% fragments dropped after timeout'],
    ReasmReqds: ['some', '% reassemblies required'],
    ReasmOKs: ['some', '% packets reassembled ok'],
    ReasmFails: ['some', '% packet reassemblies failed'],
    FragOKs: ['some', '% outgoing packets fragmented ok'],
    FragFails: ['some', '% outgoing packets failed fragmentation'],
    FragCreates: ['some', '% fragments created'],
  },
  Icmp: {
    InMsgs: ['always', '% ICMP messages received'],
    InErrors: ['always', '% input ICMP message failed'],
    InDestUnreachs: ['in', 'destination unreachable: %'],
    InTimeExcds: ['in', 'timeout in transit: %'],
    InParmProbs: ['in', 'wrong parameters: %'],
    InSrcQuenchs: ['in', 'source quenches: %'],
    InRedirects: ['in', 'redirects: %'],
    InEchos: ['in', 'echo requests: %'],
    InEchoReps: ['in', 'echo replies: %'],
    InTimestamps: ['in', 'timestamp request: %'],
    InTimestampReps: ['in', 'timestamp reply: %'],
    InAddrMasks: ['in', 'address mask request: %'],
    InAddrMaskReps: ['in', 'address mask replies: %'],
    OutMsgs: ['always', '% ICMP messages sent'],
    OutErrors: ['always', '% ICMP messages failed'],
    OutDestUnreachs: ['out', 'destination unreachable: %'],
    OutTimeExcds: ['out', 'time exceeded: %'],
    OutParmProbs: ['out', 'wrong parameters: %'],
    OutSrcQuenchs: ['out', 'source quench: %'],
    OutRedirects: ['out', 'redirect: %'],
    OutEchos: ['out', 'echo requests: %'],
    OutEchoReps: ['out', 'echo replies: %'],
    OutTimestamps: ['out', 'timestamp requests: %'],
    OutTimestampReps: ['out', 'timestamp replies: %'],
    OutAddrMasks: ['out', 'address mask requests: %'],
    OutAddrMaskReps: ['out', 'address mask replies: %'],
  },
  Tcp: {
    ActiveOpens: ['always', '% active connection openings'],
    PassiveOpens: ['always', '% passive connection openings'],
    AttemptFails: ['always', '% failed connection attempts'],
    EstabResets: ['always', '% connection resets received'],
    CurrEstab: ['always', '% connections established'],
    InSegs: ['always', '% segments received'],
    OutSegs: ['always', '% segments sent out'],
    RetransSegs: ['always', '% segments retransmitted'],
    InErrs: ['always', '% bad segments received'],
    OutRsts: ['always', '% resets sent'],
  },
  Udp: {
    InDatagrams: ['always', '% packets received'],
    NoPorts: ['always', '% packets to unknown port received'],
    InErrors: ['always', '% packet receive errors'],
    OutDatagrams: ['always', '% packets sent'],
    RcvbufErrors: ['always', '% receive buffer errors'],
    SndbufErrors: ['always', '% send buffer errors'],
  },
  TcpExt: {
    SyncookiesSent: ['some', '% SYN cookies sent'],
    SyncookiesRecv: ['some', '% SYN cookies received'],
    SyncookiesFailed: ['some', '% invalid SYN cookies received'],
    EmbryonicRsts: ['some', '% resets received for embryonic SYN_RECV sockets'],
    PruneCalled: ['some', '% packets pruned from receive queue because of socket buffer overrun'],
    RcvPruned: ['some', '% packets pruned from receive queue'],
    OfoPruned: ['some', '% packets dropped from out-of-order queue because of socket buffer overrun'],
    OutOfWindowIcmps: ['some', '% ICMP packets dropped because they were out-of-window'],
    LockDroppedIcmps: ['some', '% ICMP packets dropped because socket was locked'],
    TW: ['some', '% TCP sockets finished time wait in fast timer'],
    TWRecycled: ['some', '% time wait sockets recycled by time stamp'],
    PAWSActive: ['some', '% active connections rejected because of time stamp'],
    PAWSEstab: ['some', '% packets rejected in established connections because of timestamp'],
    DelayedACKs: ['some', '% delayed acks sent'],
    DelayedACKLocked: ['some', '% delayed acks further delayed because of locked socket'],
    DelayedACKLost: ['some', 'Quick ack mode was activated % times'],
    ListenOverflows: ['some', '% times the listen queue of a socket overflowed'],
    ListenDrops: ['some', '% SYNs to LISTEN sockets dropped'],
    TCPHPHits: ['always', '% packet headers predicted'],
    TCPPureAcks: ['some', '% acknowledgments not containing data payload received'],
    TCPHPAcks: ['some', '% predicted acknowledgments'],
    TCPRenoRecovery: ['some', '% times recovered from packet loss due to fast retransmit'],
    TCPSACKReorder: ['some', 'Detected reordering % times using SACK'],
    TCPRenoReorder: ['some', 'Detected reordering % times using reno fast retransmit'],
    TCPTSReorder: ['some', 'Detected reordering % times using time stamp'],
    TCPFullUndo: ['some', '% congestion windows fully recovered without slow start'],
    TCPPartialUndo: ['some', '% congestion windows partially recovered using Hoe heuristic'],
    TCPLossUndo: ['some', '% congestion windows recovered without slow start after partial ack'],
    TCPRenoFailures: ['some', '% timeouts after reno fast retransmit'],
    TCPLossFailures: ['some', '% timeouts in loss state'],
    TCPFastRetrans: ['some', '% fast retransmits'],
    TCPSlowStartRetrans: ['some', '% retransmits in slow start'],
    TCPRcvCollapsed: ['some', '% packets collapsed in receive queue due to low socket buffer'],
    TCPAbortOnData: ['some', '% connections reset due to unexpected data'],
    TCPAbortOnClose: ['some', '% connections reset due to early user close'],
    TCPAbortOnMemory: ['some', '% connections aborted due to memory pressure'],
    TCPAbortOnTimeout: ['some', '% connections aborted due to timeout'],
    TCPAbortOnLinger: ['some', '% connections aborted after user close in linger timeout'],
    TCPAbortFailed: ['some', '% times unable to send RST due to no memory'],
    TCPMemoryPressures: ['some', 'TCP ran low on memory % times'],
  },
  IpExt: {},
};

/** The counters of Tcp that nobody is told. */
const SILENT: ReadonlySet<string> = new Set(['Ip:DefaultTTL', 'Tcp:RtoAlgorithm', 'Tcp:RtoMin', 'Tcp:RtoMax', 'Tcp:MaxConn']);

/** Whether the group has a table of its own. */
export function isKnown(group: string): boolean {
  return Object.hasOwn(TABLES, group);
}

/** How to show a counter; null: not at all. What is not in the tables goes by its name. */
export function describe(group: string, name: string): Description | null {
  if (SILENT.has(`${group}:${name}`)) return null;
  const found = TABLES[group]?.[name];
  return found === undefined ? { kind: 'some', text: `${name}: %` } : { kind: found[0], text: found[1] };
}
