import { Group, Radio, type RadioGroupProps, TagsInput, type TagsInputProps } from '@mantine/core';
import { useSession } from '../session.tsx';

type FieldProps = {
  /** A form's input props for `every`, and those for `accounts`. */
  every: Omit<RadioGroupProps, 'children'>;
  accounts: TagsInputProps;
  /** What naming some of them means. */
  about: string;
};

/** All accounts or some; whoever is for some only cannot choose all. */
export function AccountsField({ every, accounts, about }: FieldProps) {
  const choose = useSession().accounts === '*';
  return (
    <>
      {choose && (
        <Radio.Group {...every} label="Accounts">
          <Group gap="md" mt={4}>
            <Radio value="all" label="All" />
            <Radio value="some" label="Only these" />
          </Group>
        </Radio.Group>
      )}
      {every.value === 'some' && (
        <TagsInput {...accounts} label={choose ? 'Which accounts' : 'Accounts'} description={about} acceptValueOnBlur />
      )}
    </>
  );
}
