/**
 * Chains of alternatives: blocks one behind the other that all have one exit, by "yes" (or) or by "no" (and). In what order they are asked
 * does not matter; those that ask for one value are best asked together, since it is loaded once then.
 */
import { type Block, isEnd } from './emit.ts';
import { ANSWERS, type Way, ahead, lead, waysIn } from './graph.ts';
import type { Question } from './question.ts';
import type { Value } from './values.ts';

type Questions = ReadonlyMap<Block, Question>;
type Ways = ReadonlyMap<Block, readonly Way[]>;
type Condition = (block: Block) => boolean;

/** True if a chain was put in another order. `movable`: blocks that take no register from others and leave none to them. */
export function groupAlternatives(root: Block, questions: Questions, movable: Condition): boolean {
  return ANSWERS.filter((exit) => groupChains(root, exit, questions, movable)).length > 0;
}

function groupChains(root: Block, exit: boolean, questions: Questions, movable: Condition): boolean {
  const ways = waysIn(root);
  // From the end: the ways into a chain come from chains that are still as they were.
  const chains = allChains(ways, exit, movable).reverse();
  return chains.filter((chain) => regroup(chain, exit, ways.get(chain[0] as Block) as Way[], questions)).length > 0;
}

function allChains(ways: Ways, exit: boolean, movable: Condition): Block[][] {
  const seen = new Set<Block>();
  const chains: Block[][] = [];
  for (const block of ways.keys()) {
    if (seen.has(block) || isEnd(block) || !movable(block)) continue;
    const chain = chainFrom(block, exit, ways, movable);
    for (const member of chain) seen.add(member);
    chains.push(chain);
  }
  return chains;
}

function chainFrom(first: Block, exit: boolean, ways: Ways, movable: Condition): Block[] {
  const chain = [first];
  const goal = ahead({ from: first, answer: exit });
  for (let next = ahead({ from: first, answer: !exit }); !isEnd(next); next = ahead({ from: next, answer: !exit })) {
    if (!movable(next) || ahead({ from: next, answer: exit }) !== goal || ways.get(next)?.length !== 1) break;
    chain.push(next);
  }
  return chain;
}

/** First those that ask for what is in A already, then the others in the order in which their values are first asked for. */
function regroup(chain: readonly Block[], exit: boolean, entries: readonly Way[], questions: Questions): boolean {
  const asksFor = (block: Block): Value => (questions.get(block) as Question).left;
  const groups = new Map<Value | null, Block[]>([[valueAtHand(entries, asksFor), []]]);
  for (const block of chain) groups.set(asksFor(block), [...(groups.get(asksFor(block)) ?? []), block]);
  const order = [...groups.values()].flat();
  if (order.every((block, i) => block === chain[i])) return false;
  const behind = ahead({ from: chain.at(-1) as Block, answer: !exit });
  for (const way of entries) lead(way, order[0] as Block);
  order.forEach((from, i) => lead({ from, answer: !exit }, order[i + 1] ?? behind));
  return true;
}

/** What A holds on every way in: what was asked for last. */
function valueAtHand([first, ...others]: readonly Way[], asksFor: (block: Block) => Value): Value | null {
  return first !== undefined && others.every(({ from }) => asksFor(from) === asksFor(first.from)) ? asksFor(first.from) : null;
}
