/**
 * Ways past questions whose answer is known. Whoever gets to a block has answered questions on the way. What all who get there have in
 * common is a trail of answers, and where the trail answers the next question, too, its block is passed by.
 */
import { type Block, isEnd } from './emit.ts';
import { ANSWERS, type Way, ahead, lead, needs, waysIn } from './graph.ts';
import { type Question, implied, isDecided } from './question.ts';

/** Answers, the last one first. */
interface Trail {
  readonly asked: Question;
  readonly answer: boolean;
  readonly length: number;
  readonly earlier: Trail | null;
}

type Questions = ReadonlyMap<Block, Question>;

/** Leads every way as far as it can; true if one was led elsewhere. */
export function shortcut(root: Block, questions: Questions): boolean {
  const needed = needs(root);
  const mayEnter = (block: Block): boolean => needed.get(block)?.before === 0;
  let changed = false;
  // All trails are read before a way is changed: who takes a new way would have given the answers of the old one.
  for (const [way, trail] of trails(root, questions).reverse()) {
    const to = follow(ahead(way), trail, questions, mayEnter);
    if (to === ahead(way)) continue;
    lead(way, to);
    changed = true;
  }
  return changed;
}

/** All ways, with the trail of whoever takes them; those near the root first. */
function trails(root: Block, questions: Questions): [Way, Trail][] {
  const all: [Way, Trail][] = [];
  const behind = new Map<Block, Map<boolean, Trail>>();
  for (const [from, entries] of waysIn(root)) {
    if (isEnd(from)) continue;
    const [first = null, ...others] = entries.map((way) => behind.get(way.from)?.get(way.answer) as Trail);
    const earlier = others.reduce(shared, first);
    const asked = questions.get(from) as Question;
    const own = new Map(ANSWERS.map((answer) => [answer, { asked, answer, length: (earlier?.length ?? 0) + 1, earlier }]));
    behind.set(from, own);
    for (const [answer, trail] of own) all.push([{ from, answer }, trail]);
  }
  return all;
}

/** The beginning that two trails have in common. */
function shared(a: Trail | null, b: Trail | null): Trail | null {
  let [x, y] = [a, b];
  while (x !== y) {
    if ((x?.length ?? 0) > (y?.length ?? 0)) x = x?.earlier ?? null;
    else y = y?.earlier ?? null;
  }
  return x;
}

function follow(start: Block, trail: Trail, questions: Questions, mayEnter: (block: Block) => boolean): Block {
  let at = start;
  while (!isEnd(at)) {
    const answer = isDecided(at) || answerOf(questions.get(at) as Question, trail);
    if (answer === null) break;
    const next = ahead({ from: at, answer });
    if (!mayEnter(next)) break;
    at = next;
  }
  return at;
}

function answerOf(asked: Question, trail: Trail): boolean | null {
  for (let known: Trail | null = trail; known !== null; known = known.earlier) {
    const answer = implied(asked, known.asked, known.answer);
    if (answer !== null) return answer;
  }
  return null;
}
