/** Requests to rtnetlink, and what iproute2 says when they fail (its libnetlink). */
import type { NetlinkSocket } from '@skbuff/command';
import { NlMsgBuilder, type NlMsgHdr, type NlStruct, nlErrorOf, nlmsgAll } from '@skbuff/netlink';
import {
  EAGAIN,
  EMSGSIZE,
  ENOENT,
  EOPNOTSUPP,
  NLMSG_DONE,
  NLMSG_ERROR,
  NLM_F_ACK,
  NLM_F_DUMP,
  NLM_F_DUMP_INTR,
  NLM_F_ECHO,
  NLM_F_REQUEST,
  strerror,
} from '@skbuff/uapi';

const RECV_SIZE = 32768;

export class Rtnl {
  private readonly port: NetlinkSocket;
  private readonly stderr: (text: string) => void;
  private seq = 0;

  constructor(port: NetlinkSocket, stderr: (text: string) => void) {
    this.port = port;
    this.stderr = stderr;
  }

  close(): void {
    this.port.close();
  }

  /** A request to be filled in and handed to one of the others. */
  request(type: number, flags: number, header: NlStruct): RtnlRequest {
    return new RtnlRequest(type, flags | NLM_F_REQUEST, ++this.seq, header);
  }

  /** `rtnl_talk` without an answer: 0, or a negative errno after it was told. */
  talk(req: RtnlRequest): number {
    req.builder.orFlags(req.at, NLM_F_ACK);
    const answer = this.exchange(req, true);
    return typeof answer === 'number' ? answer : 0;
  }

  /** `rtnl_talk` with an answer: the message, or a negative errno after it was told. */
  ask(req: RtnlRequest, quiet = false): NlMsgHdr | number {
    return this.exchange(req, false, quiet);
  }

  /** `rtnl_talk` of a change that is to be echoed: its message, 0 if there was none, or a negative errno after it was told. */
  echo(req: RtnlRequest): NlMsgHdr | number {
    req.builder.orFlags(req.at, NLM_F_ACK | NLM_F_ECHO);
    const answer = this.exchange(req, false);
    if (typeof answer !== 'number') this.drain();
    return answer;
  }

  /** `rtnl_talk` of a message that is complete: 0, or a negative errno after it was told. */
  talkRaw(message: Uint8Array, seq: number): number {
    const answer = this.converse(message, seq, true, false);
    return typeof answer === 'number' ? answer : 0;
  }

  private exchange(req: RtnlRequest, ack: boolean, quiet = false): NlMsgHdr | number {
    return this.converse(req.bytes(), req.seq, ack, quiet);
  }

  private converse(message: Uint8Array, seq: number, ack: boolean, quiet: boolean): NlMsgHdr | number {
    const sent = this.port.sendmsg(message);
    if (sent < 0) {
      if (!quiet) this.stderr(`Cannot talk to rtnetlink: ${strerror(sent)}\n`);
      return sent;
    }
    for (;;) {
      const dgram = this.port.recvmsg(RECV_SIZE);
      if (typeof dgram === 'number') return this.recvFailed(dgram);
      for (const nlh of nlmsgAll(dgram.data)) {
        if (nlh.seq !== seq || dgram.dstGroup !== 0) continue;
        if (nlh.type === NLMSG_ERROR) return quiet ? nlErrorOf(nlh).error : this.told(nlh);
        if (!ack) return nlh;
      }
    }
  }

  private recvFailed(err: number): number {
    this.stderr(`netlink receive error ${strerror(err)} (${-err})\n`);
    return err;
  }

  /** Tells what an ACK says, and gives its errno. */
  private told(nlh: NlMsgHdr): number {
    const { error, extack } = nlErrorOf(nlh);
    if (extack !== '') this.stderr(`${error !== 0 ? 'Error' : 'Warning'}: ${extack}${extack.endsWith('.') ? '' : '.'}\n`);
    else if (error !== 0) this.stderr(`RTNETLINK answers: ${strerror(error)}\n`);
    return error;
  }

  /**
   * Sends a request and passes every message of the dump to `each`, which may end it early with a negative number. 0, or a
   * negative number after the reason was told.
   */
  dump(req: RtnlRequest, each: (nlh: NlMsgHdr) => number): number {
    req.builder.orFlags(req.at, NLM_F_DUMP);
    const sent = this.port.sendmsg(req.bytes());
    if (sent < 0) return sent;
    let interrupted = false;
    for (;;) {
      const dgram = this.port.recvmsg(RECV_SIZE);
      if (typeof dgram === 'number') return dgram === -EAGAIN ? -1 : this.recvFailed(dgram);
      for (const nlh of nlmsgAll(dgram.data)) {
        if (nlh.seq !== req.seq || dgram.dstGroup !== 0) continue;
        interrupted ||= (nlh.flags & NLM_F_DUMP_INTR) !== 0;
        if (nlh.type === NLMSG_DONE) return this.dumpDone(nlh, interrupted);
        if (nlh.type === NLMSG_ERROR) return this.dumpFailed(nlh);
        const err = each(nlh);
        if (err < 0) {
          this.drain();
          return err;
        }
      }
    }
  }

  private drain(): void {
    while (typeof this.port.recvmsg(RECV_SIZE) !== 'number') continue;
  }

  private dumpDone(nlh: NlMsgHdr, interrupted: boolean): number {
    const { error, extack } = nlErrorOf(nlh);
    if (error < 0) {
      if (extack !== '') this.told(nlh);
      else if (error === -EMSGSIZE) this.stderr('Error: Buffer too small for object.\n');
      else if (error !== -ENOENT && error !== -EOPNOTSUPP) this.stderr(`RTNETLINK answers: ${strerror(error)}\n`);
      return error;
    }
    if (interrupted) this.stderr('Dump was interrupted and may be inconsistent.\n');
    return 0;
  }

  private dumpFailed(nlh: NlMsgHdr): number {
    const error = this.told(nlh);
    return error === 0 ? -1 : error;
  }

  /** `rtnl_send_check`: sends a message without waiting for an ACK. 0, or the errno that came back at once, not told. */
  sendCheck(data: Uint8Array): number {
    const sent = this.port.sendmsg(data);
    let err = Math.min(sent, 0);
    for (;;) {
      const dgram = this.port.recvmsg(RECV_SIZE);
      if (typeof dgram === 'number') return err;
      for (const nlh of nlmsgAll(dgram.data)) if (nlh.type === NLMSG_ERROR && err === 0) err = nlErrorOf(nlh).error;
    }
  }

  nextSeq(): number {
    return ++this.seq;
  }
}

/** One message being built. */
export class RtnlRequest {
  readonly builder: NlMsgBuilder = new NlMsgBuilder();
  readonly seq: number;
  /** Offset of the header. */
  readonly at: number;
  private readonly header: NlStruct;

  constructor(type: number, flags: number, seq: number, header: NlStruct) {
    this.seq = seq;
    this.header = header;
    this.at = this.builder.nlmsgPut(type, flags, seq, 0, header.size);
  }

  /** The finished message; the header is written now, with the values it has now. */
  bytes(): Uint8Array {
    this.header.write(this.builder.buf, this.at + 16);
    this.builder.nlmsgEnd(this.at);
    return this.builder.bytes();
  }
}
