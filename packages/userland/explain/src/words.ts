/** Text that comes from outside must not reach a terminal, nor a diagram, as anything but text. */
export function printable(text: string): string {
  return text.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029\ufeff]/g, '\ufffd');
}

/** `1.5s`, `20ms`, `0s` */
export function duration(ns: number): string {
  const short = (value: number): string => String(Number(value.toFixed(3)));
  if (ns >= 1e9 || ns === 0) return `${short(ns / 1e9)}s`;
  if (ns >= 1e6) return `${short(ns / 1e6)}ms`;
  return ns >= 1e3 ? `${short(ns / 1e3)}us` : `${ns}ns`;
}
