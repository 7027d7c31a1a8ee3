import { defaultKeymap, history, historyKeymap } from '@codemirror/commands';
import { Compartment, EditorState, type Extension, Facet } from '@codemirror/state';
import { EditorView, highlightSpecialChars, keymap, placeholder } from '@codemirror/view';
import { tokenMarks } from './token-marks.ts';

export type TokenViewOptions = {
  parent: HTMLElement;
  text: string;
  multiline: boolean;
  hint: string;
  onChange: (text: string) => void;
  onFocus: (view: EditorView) => void;
};

/** What changes while the field is shown. */
export type TokenViewState = {
  readOnly: boolean;
  /** The id of the label's element. */
  labelledBy: string;
  describedBy: string | null;
  invalid: boolean;
};

const changing = new Compartment();
const oneLine = Facet.define<boolean, boolean>({ combine: (given) => given.includes(true) });

/**
 * A text field in which tokens are marked. Tab leaves it, as it leaves every field. Line ends are kept as they are: only
 * U+000A begins a new line.
 */
export function createTokenView({ parent, text, multiline, hint, onChange, onFocus }: TokenViewOptions): EditorView {
  const extensions: Extension[] = [
    EditorState.lineSeparator.of('\n'),
    multiline ? [] : singleLine,
    highlightSpecialChars(),
    history(),
    keymap.of([...defaultKeymap, ...historyKeymap]),
    EditorView.lineWrapping,
    placeholder(hint),
    tokenMarks,
    changing.of([]),
    EditorView.updateListener.of((update) => {
      if (update.docChanged) onChange(update.state.doc.toString());
      if (update.focusChanged && update.view.hasFocus) onFocus(update.view);
    }),
  ];
  return new EditorView({ parent, state: EditorState.create({ doc: text, extensions }) });
}

/** What is pasted loses its line ends; Enter does nothing. */
const singleLine: Extension = [
  oneLine.of(true),
  EditorView.clipboardInputFilter.of((text) => text.replaceAll(/[\r\n]+/g, '')),
  EditorState.transactionFilter.of((transaction) =>
    transaction.newDoc.lines > Math.max(1, transaction.startState.doc.lines) ? [] : transaction,
  ),
];

export function updateTokenView(view: EditorView, state: TokenViewState): void {
  const attributes: Record<string, string> = {
    'aria-labelledby': state.labelledBy,
    'aria-multiline': String(!view.state.facet(oneLine)),
    'aria-invalid': String(state.invalid),
    ...(state.describedBy === null ? {} : { 'aria-describedby': state.describedBy }),
    // What cannot be edited would not be reached by keyboard, though it may have to be scrolled.
    ...(state.readOnly ? { 'aria-readonly': 'true', tabindex: '0' } : {}),
    spellcheck: 'false',
    autocorrect: 'off',
    autocapitalize: 'off',
  };
  view.dispatch({
    effects: changing.reconfigure([
      EditorState.readOnly.of(state.readOnly),
      EditorView.editable.of(!state.readOnly),
      EditorView.contentAttributes.of(attributes),
    ]),
  });
}

export function replaceText(view: EditorView, text: string): void {
  if (view.state.doc.toString() === text) return;
  view.dispatch({ changes: { from: 0, to: view.state.doc.length, insert: text } });
}

/** Writes a token where the cursor stands, and lets the writing go on behind it. */
export function insertToken(view: EditorView, name: string): void {
  view.dispatch(view.state.replaceSelection(`{{${name}}}`), { userEvent: 'input', scrollIntoView: true });
  view.focus();
}
