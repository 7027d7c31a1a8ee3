import { Alert, List } from '@mantine/core';
import { ErrorNotice } from '../../parts/error-notice.tsx';
import { useEditor } from './editor-context.ts';

/** The fields that show what is wrong with them themselves. */
const ownFields =
  /^(?:request\.(?:method|url|body|headers$|headers\.\d+\.(?:key|value))|accept\.(?:statuses|contentTypes|maxBytes|absentStatuses|extract\.(?:pointer|encoding|contentType))|conditional|timeoutMs|deadlineMs|retry\.(?:(?:interactive|batch)\.)?(?:attempts|baseMs|maxMs))/;

/** What is wrong with the draft and has no field to be shown at; that it could not be checked, too. */
export function OtherProblems() {
  const { checking } = useEditor();
  const others = checking.errors.filter(({ path }) => !ownFields.test(path));
  return (
    <>
      {checking.failure !== null && <ErrorNotice error={checking.failure} />}
      {others.length > 0 && (
        <Alert color="red" variant="light" role="alert" title="This cannot be saved as it is">
          <List size="sm">
            {others.map(({ path, message }) => (
              <List.Item key={`${path} ${message}`}>
                {path !== '' && <b>{path}: </b>}
                {message}
              </List.Item>
            ))}
          </List>
        </Alert>
      )}
    </>
  );
}
