import type { EditorView } from '@codemirror/view';
import { createContext, type RefObject, useContext } from 'react';
import type { CommandBody } from '../../../contract/command.ts';
import type { Draft } from './draft.ts';
import type { Checking } from './use-checking.ts';

export type EditorState = {
  integration: string;
  command: string;
  /** What such a command gets if it does not say so itself. */
  standardContentTypes: readonly string[];
  draft: Draft;
  /** The draft as the API has it. */
  body: CommandBody;
  change: (part: Partial<Draft>) => void;
  checking: Checking;
  readOnly: boolean;
  /** The token field that was last written in. */
  focused: RefObject<EditorView | null>;
};

export const EditorContext = createContext<EditorState | null>(null);

export function useEditor(): EditorState {
  const editor = useContext(EditorContext);
  if (editor === null) throw new Error('There is no command editor here');
  return editor;
}
