import { Fieldset, SimpleGrid, Stack, Switch, TagsInput, TextInput } from '@mantine/core';
import { ChoiceField } from './choice-field.tsx';
import type { Draft, Extract } from './draft.ts';
import { useEditor } from './editor-context.ts';
import { MeasureInput } from './measure-input.tsx';
import { byteUnits } from './measures.ts';

/** So that fields beside each other are level. */
const below: ('label' | 'input' | 'description' | 'error')[] = ['label', 'input', 'description', 'error'];

/** What is taken for the document, and what is not. */
export function SuccessForm() {
  const { draft, change, checking, readOnly, standardContentTypes } = useEditor();
  const tags = (name: 'statuses' | 'contentTypes' | 'absentStatuses') => ({
    value: draft[name],
    onChange: (value: string[]) => change({ [name]: value }),
    inputWrapperOrder: below,
    readOnly,
    clearable: !readOnly,
    acceptValueOnBlur: true,
    error: checking.errorsAt(`accept.${name}`)[0],
  });
  const holder = (name: 'statuses' | 'contentTypes' | 'absentStatuses', standard: string) =>
    draft[name].length === 0 ? standard : '';
  const types = standardContentTypes.length === 0 ? 'any' : standardContentTypes.join(', ');
  return (
    <Stack gap="md">
      <SimpleGrid cols={{ base: 1, xs: 2 }}>
        <TagsInput
          label="Statuses"
          description="A status such as 200, or a class of them such as 2xx."
          placeholder={holder('statuses', '2xx')}
          {...tags('statuses')}
        />
        <TagsInput
          label="Content types"
          description="A PDF must also begin and end like one."
          placeholder={holder('contentTypes', types)}
          {...tags('contentTypes')}
        />
        <TagsInput
          label="Statuses for “no such thing”"
          description="Such as 404 for a voided invoice: counted apart, never retried."
          placeholder={holder('absentStatuses', 'none')}
          {...tags('absentStatuses')}
        />
        <SizeField />
      </SimpleGrid>
      <ExtractFields />
      <ConditionalField />
    </Stack>
  );
}

function SizeField() {
  const { draft, change, checking, readOnly } = useEditor();
  return (
    <MeasureInput
      label="Largest answer"
      inputWrapperOrder={below}
      description="What is larger is not kept, and counts as a failure."
      units={byteUnits}
      standard="25 MiB"
      example="500 KiB or 25 MiB"
      value={draft.maxBytes}
      onChange={(maxBytes) => change({ maxBytes })}
      readOnly={readOnly}
      error={checking.errorsAt('accept.maxBytes')[0]}
    />
  );
}

const conditionals = [
  { value: '', label: "By itself: for GET without Errand's own tokens in the URL" },
  { value: 'true', label: 'Always' },
  { value: 'false', label: 'Never' },
];

function ConditionalField() {
  const { draft, change, checking, readOnly } = useEditor();
  return (
    <ChoiceField
      label="Ask only for what has changed"
      inputWrapperOrder={below}
      description="With If-None-Match and If-Modified-Since; an answer of 304 keeps what is stored."
      choices={conditionals}
      value={draft.conditional === null ? '' : String(draft.conditional)}
      onChange={(value) => change({ conditional: value === '' ? null : value === 'true' })}
      readOnly={readOnly}
      error={checking.errorsAt('conditional')[0]}
    />
  );
}

const emptyExtract: Extract = { pointer: '', encoding: null, contentType: '' };
const encodings: { value: string; label: string }[] = [
  { value: 'base64', label: 'base64' },
  { value: 'base64url', label: 'base64url' },
  { value: 'hex', label: 'hex' },
  { value: 'utf8', label: 'plain text' },
];

function ExtractFields() {
  const { draft, change, checking, readOnly } = useEditor();
  const { extract } = draft;
  const set = (part: Partial<Extract>): Partial<Draft> => ({ extract: { ...(extract ?? emptyExtract), ...part } });
  return (
    <Fieldset legend="Where the document is" className="editor-boxed">
      <Stack gap="sm">
        <Switch
          label="Inside a JSON answer"
          description="Otherwise the whole answer is the document."
          checked={extract !== null}
          disabled={readOnly}
          onChange={({ currentTarget }) => change({ extract: currentTarget.checked ? emptyExtract : null })}
        />
        {extract !== null && (
          <SimpleGrid cols={{ base: 1, xs: 3 }}>
            <TextInput
              label="JSON Pointer"
              placeholder="/invoice/pdf"
              value={extract.pointer}
              readOnly={readOnly}
              onChange={({ currentTarget }) => change(set({ pointer: currentTarget.value }))}
              error={checking.errorsAt('accept.extract.pointer')[0]}
            />
            <ChoiceField
              label="Encoding"
              choices={encodings}
              value={extract.encoding ?? 'base64'}
              onChange={(encoding) => change(set({ encoding }))}
              readOnly={readOnly}
              error={checking.errorsAt('accept.extract.encoding')[0]}
            />
            <TextInput
              label="Content type"
              placeholder="application/pdf"
              value={extract.contentType}
              readOnly={readOnly}
              onChange={({ currentTarget }) => change(set({ contentType: currentTarget.value }))}
              error={checking.errorsAt('accept.extract.contentType')[0]}
            />
          </SimpleGrid>
        )}
      </Stack>
    </Fieldset>
  );
}
