import { Center, Loader } from '@mantine/core';

export function PageLoading() {
  return (
    <Center p="xl" role="status" aria-label="Loading">
      <Loader />
    </Center>
  );
}
