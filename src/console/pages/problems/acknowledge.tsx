import { Button, Group, Stack, Text, Textarea } from '@mantine/core';
import { useForm } from '@mantine/form';
import { modals } from '@mantine/modals';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import type { ProblemGroup } from '../../../contract/problem-group.ts';
import { client } from '../../client.ts';
import { ErrorNotice } from '../../parts/error-notice.tsx';
import { placeErrors } from '../../parts/form-errors.ts';
import { problemOf } from '../../parts/problem-words.ts';
import { failed } from '../../parts/tell.ts';
import { useCan } from '../../session.tsx';
import { codeTitle } from '../../words.ts';

/** Says that somebody has seen it, or takes that back. */
export function Acknowledge({ problem }: { problem: ProblemGroup }) {
  const queries = useQueryClient();
  const { integration, command, code, acknowledged } = problem;
  const takingBack = useMutation({
    mutationFn: () => client.acknowledgeProblem({ integration, command, code, acknowledged: false }),
    onSuccess: () => queries.invalidateQueries({ queryKey: ['problems'] }),
    onError: (error) => failed(error),
  });
  if (!useCan('problems.acknowledge')) return null;
  if (acknowledged !== null) {
    return (
      <Button size="xs" variant="default" loading={takingBack.isPending} onClick={() => takingBack.mutate()}>
        Take back
      </Button>
    );
  }
  const ask = () => {
    const modalId = `acknowledge-${integration}-${command}-${code}`;
    modals.open({
      modalId,
      title: `Acknowledge: ${codeTitle(code)}, ${problemOf(problem)}`,
      closeButtonProps: { 'aria-label': 'Close' },
      children: <Note problem={problem} close={() => modals.close(modalId)} />,
    });
  };
  return (
    <Button size="xs" variant="default" onClick={ask}>
      Acknowledge
    </Button>
  );
}

const fieldOf = (path: string) => (path === 'note' ? path : null);

function Note({
  problem: { integration, command, code, sample },
  close,
}: {
  problem: ProblemGroup;
  close: () => void;
}) {
  const queries = useQueryClient();
  const form = useForm({ mode: 'uncontrolled', initialValues: { note: '' } });
  const saving = useMutation({
    mutationFn: (note: string) =>
      client.acknowledgeProblem({
        integration,
        command,
        code,
        sample,
        ...(note.trim() === '' ? {} : { note: note.trim() }),
      }),
    onSuccess: async () => {
      close();
      await queries.invalidateQueries({ queryKey: ['problems'] });
    },
    onError: (error) => form.setErrors(placeErrors(error, fieldOf).fields),
  });
  const { rest } = placeErrors(saving.error, fieldOf);
  return (
    <form onSubmit={form.onSubmit(({ note }) => saving.mutate(note))}>
      <Stack gap="md">
        <Text size="sm">
          Everybody sees that you have seen it. It is dimmed until something newer fails in the same way.
        </Text>
        <Textarea
          label="Note"
          description="For the others: what you know, what you do about it."
          autosize
          minRows={2}
          data-autofocus
          key={form.key('note')}
          {...form.getInputProps('note')}
        />
        {saving.isError && rest !== null && <ErrorNotice error={rest} />}
        <Group justify="flex-end" gap="xs">
          <Button variant="default" onClick={close}>
            Cancel
          </Button>
          <Button type="submit" loading={saving.isPending}>
            Acknowledge
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
