import { Button } from '@mantine/core';
import { IconDownload } from '@tabler/icons-react';
import { useMutation } from '@tanstack/react-query';
import { saveFile } from './save-file.ts';
import { failed } from './tell.ts';

type DownloadProps = {
  children: string;
  filename: string;
  fetchBytes: () => Promise<ReadableStream<Uint8Array>>;
};

/** Saves what the API answers as a file. A link would not do: it has neither `Accept` nor a token. */
export function DownloadButton({ children, filename, fetchBytes }: DownloadProps) {
  const saving = useMutation({
    mutationFn: async () => {
      const stream = await fetchBytes();
      saveFile(await new Response(stream).blob(), filename);
    },
    onError: (error) => failed(error),
  });
  return (
    <Button
      size="sm"
      variant="default"
      leftSection={<IconDownload size={16} aria-hidden />}
      loading={saving.isPending}
      onClick={() => saving.mutate()}
    >
      {children}
    </Button>
  );
}
