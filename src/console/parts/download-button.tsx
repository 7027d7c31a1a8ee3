import { Button } from '@mantine/core';
import { IconDownload } from '@tabler/icons-react';
import { useMutation } from '@tanstack/react-query';
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
      save(await new Response(stream).blob(), filename);
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

function save(blob: Blob, filename: string): void {
  const url = URL.createObjectURL(blob);
  const link = document.createElement('a');
  link.href = url;
  link.download = filename;
  link.click();
  // The browser has taken it by then; at once would be too early for some.
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}
