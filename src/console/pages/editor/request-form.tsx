import { Input, Stack, Text } from '@mantine/core';
import type { Method } from '../../../contract/command.ts';
import { ChoiceField } from './choice-field.tsx';
import { takesBody } from './draft.ts';
import { useEditor } from './editor-context.ts';
import { HeaderRows } from './header-rows.tsx';
import { TokenChips } from './token-chips.tsx';
import { TokenField } from './token-field.tsx';

/** The contract's own list would bring its schemas along. */
const methods: readonly Method[] = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'];

/** The web request, as it will be filled in. */
export function RequestForm() {
  const { draft, change, checking, readOnly } = useEditor();
  return (
    <Stack gap="md">
      <div className="editor-address">
        <ChoiceField
          label="Method"
          choices={methods.map((method) => ({ value: method, label: method }))}
          value={draft.method}
          onChange={(method) => change({ method: method as Method })}
          readOnly={readOnly}
          error={checking.errorsAt('request.method')[0]}
        />
        <TokenField
          label="URL"
          path="request.url"
          required={!readOnly}
          value={draft.url}
          onChange={(url) => change({ url })}
          hint="https://example.com/invoices/{{InvoiceNumber}}"
        />
      </div>
      <HeaderRows />
      {takesBody(draft.method) ? (
        <TokenField
          label="Body"
          path="request.body"
          multiline
          value={draft.body}
          onChange={(body) => change({ body })}
          hint={'{"invoice": "{{InvoiceNumber}}"}'}
        />
      ) : (
        <div>
          <Input.Label labelElement="div">Body</Input.Label>
          <Text size="sm" c="dimmed">
            {draft.method} requests have none.{draft.body !== '' && ' The one that was written is not saved with it.'}
          </Text>
        </div>
      )}
      {!readOnly && <TokenChips />}
    </Stack>
  );
}
