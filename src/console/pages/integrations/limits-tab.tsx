import { ActionIcon, Button, Group, List, NumberInput, Stack, Text } from '@mantine/core';
import type { UseFormReturnType } from '@mantine/form';
import { IconPlus, IconTrash } from '@tabler/icons-react';
import { useRef } from 'react';
import type { Integration, Limits } from '../../../contract/integration.ts';
import { defaultConcurrency, maxConcurrency, maxRates } from '../../../contract/integration-numbers.ts';
import { client } from '../../client.ts';
import { useCan } from '../../session.tsx';
import { limitWords } from './limit-words.ts';
import { limitsToSave } from './own-changes.ts';
import { PlainFieldset } from './plain-fieldset.tsx';
import { SavedPartForm, useSavedPart } from './saved-part.tsx';

type Of = { integration: Integration };

/** How much their server is asked for, at most. */
export function LimitsTab({ integration }: Of) {
  const mayWrite = useCan('integrations.write');
  if (mayWrite) return <LimitsForm integration={integration} />;
  return <InWords limits={integration.limits} />;
}

/** A field that was emptied holds `''`. */
type Rate = { count: number | ''; perSeconds: number | '' };
type Values = { concurrency: number | ''; rates: Rate[] };

const valuesOf = ({ concurrency, rates }: Limits): Values => ({ concurrency: concurrency ?? '', rates: rates ?? [] });

function limitsOf({ concurrency, rates }: Values): Limits {
  const whole = rates.map(({ count, perSeconds }) => ({ count: Number(count), perSeconds: Number(perSeconds) }));
  return { ...(concurrency === '' ? {} : { concurrency }), ...(whole.length === 0 ? {} : { rates: whole }) };
}

function LimitsForm({ integration }: Of) {
  const { id } = integration;
  const what = 'limits';
  const part = useSavedPart<Values>({
    integration,
    what,
    valuesOf: ({ limits }) => valuesOf(limits),
    save: async (values, before) => {
      const { limits: now } = await client.getIntegration(id);
      return client.patchIntegration(id, {
        limits: limitsToSave({ shown: limitsOf(before), typed: limitsOf(values), now }),
      });
    },
    field: (path) => /^limits\.(concurrency|rates\..+)$/.exec(path)?.[1] ?? null,
  });
  const { form } = part;
  return (
    <SavedPartForm part={part} what={what}>
      <NumberInput
        {...form.getInputProps('concurrency')}
        label="At the same time"
        description="How many requests may be on their way to their server at once, over all workers."
        placeholder={String(defaultConcurrency)}
        min={1}
        max={maxConcurrency}
        clampBehavior="none"
        allowDecimal={false}
        maw={280}
      />
      <Rates form={form} />
      <InWords limits={limitsOf(form.getValues())} />
    </SavedPartForm>
  );
}

function Rates({ form }: { form: UseFormReturnType<Values> }) {
  const rates = form.getValues().rates;
  const add = useRef<HTMLButtonElement>(null);
  const remove = (index: number) => {
    form.removeListItem('rates', index);
    // The button that was pressed is gone with its row; this one may be off yet.
    requestAnimationFrame(() => add.current?.focus());
  };
  const number = { hideControls: true, allowDecimal: false, min: 1, clampBehavior: 'none', w: 110 } as const;
  return (
    <PlainFieldset legend="Rates">
      <Stack gap="xs">
        {rates.map((_, index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: a row is known by its place only
          <Group key={index} gap="xs" align="flex-start" wrap="nowrap">
            <NumberInput
              {...number}
              {...form.getInputProps(`rates.${index}.count`)}
              aria-label={`Requests of rate ${index + 1}`}
            />
            <Text size="sm" lh="36px">
              in
            </Text>
            <NumberInput
              {...number}
              {...form.getInputProps(`rates.${index}.perSeconds`)}
              aria-label={`Seconds of rate ${index + 1}`}
              suffix=" s"
            />
            <ActionIcon
              variant="subtle"
              color="gray"
              size="input-sm"
              aria-label={`Remove rate ${index + 1}`}
              onClick={() => remove(index)}
            >
              <IconTrash size={16} aria-hidden />
            </ActionIcon>
          </Group>
        ))}
        <div>
          <Button
            ref={add}
            disabled={rates.length >= maxRates}
            size="xs"
            variant="default"
            leftSection={<IconPlus size={14} aria-hidden />}
            onClick={() => form.insertListItem('rates', { count: 60, perSeconds: 60 })}
          >
            Add rate
          </Button>
        </div>
      </Stack>
    </PlainFieldset>
  );
}

function InWords({ limits }: { limits: Limits }) {
  return (
    <List size="sm" c="dimmed" aria-label="What that means">
      {limitWords(limits).map((sentence) => (
        <List.Item key={sentence}>{sentence}</List.Item>
      ))}
    </List>
  );
}
