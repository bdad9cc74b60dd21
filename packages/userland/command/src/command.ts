/** What a command is, and what it finds around it. */
import type { Net } from '@skbuff/core';
import type { NetlinkPort } from '@skbuff/netlink';
import type { Task } from '@skbuff/sock';

/** An exit status, 0 to 255: at once, or later if the command has to wait for packets or for time. */
export type Status = number | Promise<number>;

/** The calls of a netlink port that a command makes: {@link NetlinkPort}, or something else that speaks to a kernel. */
export type NetlinkSocket = Pick<NetlinkPort, 'bind' | 'setsockopt' | 'sendmsg' | 'recvmsg' | 'readable' | 'close' | 'onReadable'>;

/** Signals that a command may catch. */
export type Signal = 'SIGHUP' | 'SIGINT' | 'SIGQUIT' | 'SIGTERM';

/** A file that is being written. */
export interface ByteSink {
  /** The bytes are taken over before it returns. */
  write(bytes: Uint8Array): void;
  close(): void;
}

/** Namespaces with names, as the files of /run/netns are. */
export interface NetnsDirectory {
  /** In the order in which readdir(3) gives them. */
  names(): readonly string[];
  get(name: string): Net | null;
  /** Gives a namespace a name, which holds it: 0 or `-EEXIST`. */
  attach(name: string, net: Net): number;
  /** Removes the name; the namespace dies when nothing else holds it. 0 or `-ENOENT`. */
  remove(name: string): number;
  /** inotify(7): from now on the task is told of names that come and go; or a negative errno. */
  watch(task: Task): NetnsWatch | number;
}

/** Names that came and went since the last look. */
export interface NetnsWatch {
  /** Readable while there is something to tell. */
  readonly fd: number;
  read(): readonly NetnsEvent[];
}

export interface NetnsEvent {
  readonly what: 'add' | 'delete';
  readonly name: string;
}

/** The surroundings of a running command. */
export interface CommandEnv {
  /** The namespace it runs in. */
  readonly net: Net;
  /** The process: system calls on descriptors, which are closed when the command is done. */
  readonly task: Task;
  readonly netns: NetnsDirectory;
  stdout(text: string): void;
  /** ferror(3) of standard output: 0, or the negative errno of a write that failed, as into a full device. */
  stdoutError(): number;
  stderr(text: string): void;
  /** The next bytes of standard input, none at its end. {@link readStdin} reads all of it. */
  stdin(): Promise<Uint8Array>;
  /** Standard output is a terminal. */
  readonly isTerminal: boolean;
  /**
   * sigaction(2): at such a signal `handler` is called, waits of the task return -EINTR, and the command goes on. Without a handler a
   * signal ends it.
   */
  onSignal(signal: Signal, handler: () => void): void;
  /** socket(AF_NETLINK) in the command's namespace: a port that is not bound yet, or a negative errno. */
  netlink(protocol: number): NetlinkSocket | number;
  /** open(2) of a namespace's file: a descriptor that IFLA_NET_NS_FD and NETNSA_FD may name, or a negative errno. */
  openNetns(net: Net): number;
  /** close(2) of such a descriptor. */
  closeNetns(fd: number): void;
  /** The namespace that a process is in, or null if there is no such process. */
  netOfPid(pid: number): Net | null;
  /** The processes in a namespace. */
  pidsOf(net: Net): readonly number[];
  /** The text of a file, or a negative errno. */
  readFile(path: string): string | number;
  /** The bytes of a file, or a negative errno. */
  readBytes(path: string): Uint8Array | number;
  /** Names in a directory, in no order, or a negative errno. */
  readDirectory(path: string): readonly string[] | number;
  /** write(2) of a text to a file that exists, as a shell does below /proc/sys and /sys: 0 or a negative errno. */
  writeFile(path: string, text: string): number;
  /** Makes or empties a file (`-` is standard output), or a negative errno. */
  create(path: string): ByteSink | number;
  /** fork(2): another process with the same streams. */
  fork(): CommandEnv;
  /** Files below /etc are from now on those below /etc/netns/NAME, where there is one. */
  bindEtc(name: string): void;
  /** Runs another command here and gives its exit status, or `-ENOENT` if there is none of that name. */
  run(argv: readonly string[]): Status;
  /** Nanoseconds since the kernel booted. */
  now(): number;
  /** Nanoseconds since 1970. */
  realTime(): number;
}

/** Something that can be called by its name. */
export interface Command {
  /** First word of the command line. */
  readonly name: string;
  /** `argv[0]` is the name it was called by. */
  run(argv: readonly string[], env: CommandEnv): Status;
}
