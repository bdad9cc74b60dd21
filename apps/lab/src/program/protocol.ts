/** What a command in a program's PATH and the process that holds the kernel say to each other: a line of JSON each, on a UNIX socket. */
import type { Socket } from 'node:net';
import type { Signal } from '@skbuff/command';

/** From the command. */
export type ToServer =
  | {
      readonly type: 'start';
      /** `argv[0]` is the name it was called by. */
      readonly argv: readonly string[];
      /** Directory that its file names begin in. */
      readonly cwd: string;
      /** Standard output is a terminal. */
      readonly terminal: boolean;
      /** What a write to standard output would say, if that can be told before there is one: a negative errno. */
      readonly stdoutError?: number;
      /** `SKBUFF_NODE`: where it runs, if not where the program was told to. */
      readonly node?: string;
      /** `SKBUFF_TASK`: which command of this kind started it; it is in the namespaces of that one. */
      readonly task?: string;
      /** Its process: what `$!` says, and `ip link set … netns PID`. */
      readonly pid: number;
      /** What is behind those of its arguments that name open files of its own, such as `/dev/stdin`. */
      readonly files?: Readonly<Record<string, string>>;
    }
  /** The program that `exec` asked for runs as this process. */
  | { readonly type: 'pid'; readonly pid: number }
  /** An answer to `stdin`: what was typed in, nothing at the end of it. */
  | { readonly type: 'stdin'; readonly base64: string }
  | { readonly type: 'signal'; readonly signal: Signal }
  /** An answer to `exec`: how the program ended, or a negative errno. */
  | { readonly type: 'status'; readonly status: number };

/** To the command. */
export type ToClient =
  | { readonly type: 'stdout'; readonly text: string }
  | { readonly type: 'stderr'; readonly text: string }
  | { readonly type: 'bytes'; readonly base64: string }
  /** Standard input is wanted. Nothing reads it unasked: it may be a script's own. */
  | { readonly type: 'stdin' }
  /** A program of the machine is to run, with `SKBUFF_TASK` set to `task`, and `before` in front of it. */
  | { readonly type: 'exec'; readonly argv: readonly string[]; readonly task: string; readonly before: readonly string[] }
  /** `signal`: what ended it, if anything did. */
  | { readonly type: 'exit'; readonly code: number; readonly signal?: string };

export function say(socket: Socket, message: ToServer | ToClient): void {
  if (socket.writable) socket.write(`${JSON.stringify(message)}\n`);
}

/** Calls `hear` with every message; what is no JSON ends the connection. */
export function listen<Message extends ToServer | ToClient>(socket: Socket, hear: (message: Message) => void): void {
  let rest = '';
  socket.setEncoding('utf8');
  socket.on('data', (chunk: string) => {
    const lines = (rest + chunk).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) {
      try {
        hear(JSON.parse(line) as Message);
      } catch {
        socket.destroy();
        return;
      }
    }
  });
}
