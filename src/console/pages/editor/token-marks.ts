import { type EditorState, type Range, RangeSet, StateEffect, StateField, type Text } from '@codemirror/state';
import { Decoration, type DecorationSet, EditorView } from '@codemirror/view';
import type { UsedToken } from '../../../contract/command-check.ts';

/** What the check found in this text. */
export const setTokens = StateEffect.define<readonly UsedToken[]>();
/** The names that a template may use: what is typed is marked at once, before the check has answered. `null`: any. */
export type Names = ReadonlySet<string> | null;
export const setNames = StateEffect.define<Names>();

type Marks = { names: Names; marks: DecorationSet };

const known = Decoration.mark({ class: 'token-known' });
const unknown = Decoration.mark({ class: 'token-unknown' });

/** `\{{` is a literal; a name holds no brace (contract §5). */
const token = /\\\{\{|\{\{([^{}]+)\}\}/g;

function namesIn(text: string, offset: number): { from: number; to: number; name: string }[] {
  return [...text.matchAll(token)].flatMap(({ 0: whole, 1: name, index }) =>
    name === undefined ? [] : [{ from: offset + index, to: offset + index + whole.length, name: name.trim() }],
  );
}

/**
 * What is marked when the text changes: what was marked moves along for as long as it is a whole token, and a known name
 * that was just written is marked too. That a name is unknown is for the check to say, when somebody has stopped typing.
 */
function afterChange({ names, marks }: Marks, doc: Text): DecorationSet {
  const found = namesIn(doc.toString(), 0);
  const was = new Map<string, Decoration>();
  const cursor = marks.iter();
  for (; cursor.value !== null; cursor.next()) was.set(`${cursor.from}-${cursor.to}`, cursor.value);
  const ranges = found.flatMap(({ from, to, name }): Range<Decoration>[] => {
    if (names === null || names.has(name)) return [known.range(from, to)];
    return was.get(`${from}-${to}`) === unknown ? [unknown.range(from, to)] : [];
  });
  return RangeSet.of(ranges, true);
}

function checked(tokens: readonly UsedToken[], { doc }: EditorState): DecorationSet {
  const ranges = tokens
    .filter(({ start, end }) => start < end && end <= doc.length)
    .map(({ start, end, from }) => (from === null ? unknown : known).range(start, end));
  return RangeSet.of(ranges, true);
}

/** Marks tokens, and those that there are not. */
export const tokenMarks = StateField.define<Marks>({
  create: () => ({ names: new Set(), marks: Decoration.none }),
  update(value, transaction) {
    let { names, marks } = value;
    marks = marks.map(transaction.changes);
    for (const effect of transaction.effects) if (effect.is(setNames)) names = effect.value;
    if (transaction.docChanged || names !== value.names) marks = afterChange({ names, marks }, transaction.newDoc);
    for (const effect of transaction.effects) {
      if (effect.is(setTokens)) marks = checked(effect.value, transaction.state);
    }
    return names === value.names && marks === value.marks ? value : { names, marks };
  },
  provide: (field) => EditorView.decorations.from(field, ({ marks }) => marks),
});
