import {
  Alert,
  Button,
  Card,
  Code,
  CopyButton,
  Group,
  List,
  NumberInput,
  Stack,
  Text,
  TextInput,
  Title,
} from '@mantine/core';
import { useForm } from '@mantine/form';
import { IconAlertTriangle, IconCircleCheck } from '@tabler/icons-react';
import { useMutation } from '@tanstack/react-query';
import type { AuditVerification, KeptSealQuery } from '../../../contract/audit.ts';
import { client } from '../../client.ts';
import { ErrorNotice } from '../../parts/error-notice.tsx';
import { placeErrors } from '../../parts/form-errors.ts';
import { countWords, many } from '../../parts/measures.ts';
import { When } from '../../parts/when.tsx';

type Kept = { number: number | ''; head: string };

const fieldOf = (path: string) => (path === 'number' || path === 'head' ? path : null);

/** Holds the log against its seals, and against one that was kept elsewhere. */
export function ChainCheck() {
  const form = useForm<Kept>({ initialValues: { number: '', head: '' } });
  const checking = useMutation({
    mutationFn: (kept: KeptSealQuery) => client.verifyAudit(kept),
    onError: (error) => form.setErrors(placeErrors(error, fieldOf).fields),
  });
  const { rest } = placeErrors(checking.error, fieldOf);
  const check = ({ number, head }: Kept) => {
    const numbered = number === '' ? {} : { number };
    checking.mutate(head.trim() === '' ? numbered : { ...numbered, head: head.trim() });
  };
  return (
    <Card withBorder component="section" aria-labelledby="chain-check">
      <Stack gap="sm">
        <form onSubmit={form.onSubmit(check)}>
          <Group justify="space-between" gap="xs">
            <Title order={2} size="h4" id="chain-check">
              Is the log as it was written?
            </Title>
            <Button type="submit" variant="default" loading={checking.isPending}>
              Check the chain
            </Button>
          </Group>
          <details>
            <summary>Hold it against a seal that you have kept</summary>
            <Group align="flex-start" gap="sm" mt="xs">
              <NumberInput
                label="Number of the seal"
                min={1}
                allowDecimal={false}
                hideControls
                {...form.getInputProps('number')}
              />
              <TextInput label="Its head, 64 hexadecimal digits" w={300} {...form.getInputProps('head')} />
            </Group>
          </details>
        </form>
        <div role="status">
          {checking.isError && rest !== null && <ErrorNotice error={rest} />}
          {checking.data !== undefined && <Verdict verification={checking.data} />}
        </div>
        {checking.data?.newest != null && <Newest newest={checking.data.newest} />}
      </Stack>
    </Card>
  );
}

function Verdict({ verification }: { verification: AuditVerification }) {
  const { ok, entries, seals, unsealed, problems } = verification;
  return (
    <Stack gap="sm">
      <Alert
        color={ok ? 'teal' : 'red'}
        variant="light"
        icon={ok ? <IconCircleCheck aria-hidden /> : <IconAlertTriangle aria-hidden />}
        title={ok ? 'The chain is whole' : 'The log is not as it was written'}
      >
        <Text size="sm">
          {many(entries, 'entry', 'entries')} under {many(seals, 'seal')}
          {ok ? ', all of them as they were written.' : '.'}
          {unsealed > 0 && ` ${many(unsealed, 'newer entry', 'newer entries')} not sealed yet.`}
        </Text>
        {problems.length > 0 && (
          <List size="sm" mt="xs">
            {problems.map(({ seal, message }) => (
              <List.Item key={`${seal} ${message}`}>
                {seal !== null && `Seal ${countWords(seal)}: `}
                {message}
              </List.Item>
            ))}
          </List>
        )}
      </Alert>
    </Stack>
  );
}

function Newest({ newest: { number, head, at } }: { newest: NonNullable<AuditVerification['newest']> }) {
  return (
    <Text size="sm" component="div">
      Keep the newest seal elsewhere: with it, a later check also finds out if the log was cut off or made anew. Number{' '}
      <Code>{number}</Code>, head <Code className="wrap-anywhere">{head}</Code>, sealed <When at={at} />.{' '}
      <CopyButton value={`${number} ${head}`}>
        {({ copied, copy }) => (
          <Button size="compact-xs" variant="default" onClick={copy}>
            {copied ? 'Copied' : 'Copy both'}
          </Button>
        )}
      </CopyButton>
    </Text>
  );
}
