/**
 * Lines for `ip -batch` about the namespaces `from` … `to - 1`, the same for both sides. Each namespace gets a veth whose one end is
 * moved into it and whose other end, with an address and up, is moved on into the namespace before it.
 *
 * @param {number} from
 * @param {number} to
 */
export function creationLines(from, to) {
  const lines = [];
  for (let i = from; i < to; i++) {
    lines.push(`netns add n${i}`, `link add v${i} type veth peer name p${i}`, `link set p${i} netns n${i}`);
    lines.push(`addr add 10.${(i >> 16) & 255}.${(i >> 8) & 255}.${i & 255}/24 dev v${i}`, `link set v${i} up`);
    if (i > from) lines.push(`link set v${i} netns n${i - 1}`);
  }
  return lines;
}

/** @param {number} from @param {number} to */
export function deletionLines(from, to) {
  return Array.from({ length: to - from }, (_, i) => `netns del n${from + i}`);
}
