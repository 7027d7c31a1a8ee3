import { Alert, Button, List, Stack, Text } from '@mantine/core';
import { IconAlertTriangle } from '@tabler/icons-react';
import { ApiError, ApiUnreachable } from '../../client/errors.ts';

/** What went wrong, in the API's words, with every field that it names. */
export function ErrorNotice({ error, retry }: { error: unknown; retry?: () => unknown }) {
  const fields = error instanceof ApiError ? error.errors : [];
  return (
    <Alert role="alert" color="red" variant="light" icon={<IconAlertTriangle aria-hidden />} title={titleOf(error)}>
      <Stack gap="xs" align="flex-start">
        <Text size="sm">{detailOf(error)}</Text>
        {fields.length > 0 && (
          <List size="sm">
            {fields.map(({ path, message }) => (
              <List.Item key={`${path} ${message}`}>
                {path !== '' && <b>{path}: </b>}
                {message}
              </List.Item>
            ))}
          </List>
        )}
        {retry !== undefined && (
          <Button size="xs" variant="default" onClick={() => retry()}>
            Try again
          </Button>
        )}
      </Stack>
    </Alert>
  );
}

const titleOf = (error: unknown) => (error instanceof ApiError ? error.problem.title : 'This did not work');
/** In a sentence or two. */
export function detailOf(error: unknown): string {
  if (error instanceof ApiError) return error.problem.detail;
  // The client's own words are for those who start it.
  if (error instanceof ApiUnreachable)
    return 'Errand does not answer. It may be starting anew: nothing that it accepted is lost.';
  return error instanceof Error ? error.message : String(error);
}
