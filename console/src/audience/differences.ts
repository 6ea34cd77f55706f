/* What differs between two conditions, word by word. */
export type Piece = { text: string; is: 'same' | 'gone' | 'new' };
const WORDS = /"(?:[^"\\]|\\.)*"|[\p{L}\p{N}_.]+|\s+|./gsu;
const STEPS_MAX = 1_000_000;

const words = (condition: string): string[] => condition.match(WORDS) ?? [];

/* longest[i][j]: how many words the ends behind i and j have in common. */
function commonEnds(a: string[], b: string[]): Uint32Array[] {
  const longest = Array.from({ length: a.length + 1 }, () => new Uint32Array(b.length + 1));
  for (let i = a.length - 1; i >= 0; i--)
    for (let j = b.length - 1; j >= 0; j--)
      longest[i]![j] = a[i] === b[j] ? longest[i + 1]![j + 1]! + 1 : Math.max(longest[i + 1]![j]!, longest[i]![j + 1]!);
  return longest;
}

export function differences(before: string, after: string): Piece[] {
  const [a, b] = [words(before), words(after)];
  const pieces: Piece[] = [];
  const add = (text: string, is: Piece['is']) => {
    const last = pieces[pieces.length - 1];
    if (last?.is === is) last.text += text;
    else pieces.push({ text, is });
  };
  if (a.length * b.length > STEPS_MAX) return [{ text: before, is: 'gone' }, { text: after, is: 'new' }];
  const longest = commonEnds(a, b);
  let i = 0;
  let j = 0;
  while (i < a.length || j < b.length) {
    if (i < a.length && j < b.length && a[i] === b[j]) {
      add(a[i++]!, 'same');
      j++;
    } else if (j === b.length || (i < a.length && longest[i + 1]![j]! >= longest[i]![j + 1]!)) add(a[i++]!, 'gone');
    else add(b[j++]!, 'new');
  }
  return pieces;
}
