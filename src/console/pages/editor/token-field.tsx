import type { EditorView } from '@codemirror/view';
import { Input } from '@mantine/core';
import { useEffect, useId, useRef } from 'react';
import type { UsedToken } from '../../../contract/command-check.ts';
import { useEditor } from './editor-context.ts';
import { type Names, setNames, setTokens } from './token-marks.ts';
import { TokenMessages } from './token-messages.tsx';
import { createTokenView, replaceText, updateTokenView } from './token-view.ts';

export type TokenFieldProps = {
  label: string;
  /** In the draft as the API has it: `request.url`. */
  path: string;
  value: string;
  onChange: (value: string) => void;
  hint?: string;
  multiline?: boolean;
  required?: boolean;
  /** The label is for those who listen only. */
  labelHidden?: boolean;
};

/** A field whose text may hold tokens. */
export function TokenField({ label, path, value, onChange, ...options }: TokenFieldProps) {
  const { hint = '', multiline = false, required = false, labelHidden = false } = options;
  const { checking, readOnly } = useEditor();
  const id = useId();
  const errors = checking.errorsAt(path);
  const tokens = checking.tokensAt(path, value);
  const field = useTokenView({ value, onChange, multiline, hint });
  const messages = errors.length > 0;
  useEffect(() => {
    if (field.view.current === null) return;
    const describedBy = messages ? `${id}-messages` : null;
    updateTokenView(field.view.current, { readOnly, labelledBy: `${id}-label`, describedBy, invalid: messages });
  }, [field.view, readOnly, id, messages]);
  useMarks(field.view, checking.names, tokens);
  return (
    <Input.Wrapper
      label={label}
      labelElement="div"
      labelProps={{
        id: `${id}-label`,
        className: labelHidden ? 'editor-hidden' : undefined,
        onClick: () => field.view.current?.focus(),
      }}
      required={required}
    >
      <div ref={field.parent} className="token-field" data-multiline={multiline} data-invalid={messages} />
      <div id={`${id}-messages`} aria-live="polite">
        <TokenMessages errors={errors} tokens={tokens ?? []} replace={(token, name) => field.replace(token, name)} />
      </div>
    </Input.Wrapper>
  );
}

function useTokenView({
  value,
  onChange,
  multiline,
  hint,
}: Required<Pick<TokenFieldProps, 'value' | 'onChange' | 'multiline' | 'hint'>>) {
  const { focused } = useEditor();
  const parent = useRef<HTMLDivElement>(null);
  const view = useRef<EditorView>(null);
  const latest = useRef({ value, onChange });
  latest.current = { value, onChange };
  useEffect(() => {
    if (parent.current === null) return;
    const created = createTokenView({
      parent: parent.current,
      text: latest.current.value,
      multiline,
      hint,
      onChange: (text) => latest.current.onChange(text),
      onFocus: (one) => {
        focused.current = one;
      },
    });
    view.current = created;
    return () => {
      created.destroy();
      view.current = null;
      if (focused.current === created) focused.current = null;
    };
  }, [multiline, hint, focused]);
  useEffect(() => {
    if (view.current !== null) replaceText(view.current, value);
  }, [value]);
  const replace = ({ start, end }: UsedToken, name: string) => {
    view.current?.dispatch({ changes: { from: start, to: end, insert: `{{${name}}}` } });
    view.current?.focus();
  };
  return { parent, view, replace };
}

/** @param tokens `null`: the check has not answered for this text */
function useMarks(
  view: { readonly current: EditorView | null },
  names: Names,
  tokens: readonly UsedToken[] | null,
): void {
  useEffect(() => {
    view.current?.dispatch({ effects: setNames.of(names) });
  }, [view, names]);
  useEffect(() => {
    if (tokens !== null) view.current?.dispatch({ effects: setTokens.of(tokens) });
  }, [view, tokens]);
}
