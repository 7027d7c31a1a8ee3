import { NumberInput, SimpleGrid, Stack, Switch } from '@mantine/core';
import type { Lane } from '../../../contract/lane.ts';
import { useEditor } from './editor-context.ts';
import { MeasureInput } from './measure-input.tsx';
import { type Measure, timeUnits } from './measures.ts';
import type { Pace } from './paces.ts';

/** What each lane does by itself (contract §6), and both together. */
const standards = {
  timeoutMs: { interactive: '20 s', batch: '2 min' },
  deadlineMs: { interactive: '30 s', batch: '4 h' },
  attempts: { interactive: '2', batch: '10' },
  baseMs: { interactive: '250 ms', batch: '1 min' },
  maxMs: { interactive: '1 s', batch: '1 h' },
} as const;

type PaceFieldsProps = {
  /** `null`: for both. */
  lane: Lane | null;
  pace: Pace;
  set: (part: Partial<Pace>) => void;
};

export function PaceFields({ lane, pace, set }: PaceFieldsProps) {
  const { checking, readOnly } = useEditor();
  const standard = (name: keyof typeof standards) => {
    const { interactive, batch } = standards[name];
    return lane === null ? `${interactive}, nightly ${batch}` : standards[name][lane];
  };
  const errorAt = (path: string, member: string) =>
    [path, lane === null ? null : `${path}.${lane}`]
      .filter((one) => one !== null)
      .flatMap((one) => checking.errorsAt(member === '' ? one : `${one}.${member}`))[0];
  const time = (name: 'timeoutMs' | 'deadlineMs' | 'baseMs' | 'maxMs', error: string | undefined) => ({
    units: timeUnits,
    example: '250 ms, 20 s or 5 min',
    standard: standard(name),
    value: pace[name],
    onChange: (value: Measure) => set({ [name]: value }),
    readOnly,
    error,
  });
  return (
    <Stack gap="sm">
      <SimpleGrid cols={{ base: 1, xs: lane === null ? 3 : 2 }} verticalSpacing="sm">
        <MeasureInput label="One attempt takes at most" {...time('timeoutMs', errorAt('timeoutMs', ''))} />
        <MeasureInput label="All attempts within" {...time('deadlineMs', errorAt('deadlineMs', ''))} />
        <NumberInput
          label="Attempts, the first included"
          min={1}
          max={100}
          allowDecimal={false}
          hideControls={readOnly}
          value={pace.attempts ?? ''}
          placeholder={standard('attempts')}
          readOnly={readOnly}
          onChange={(value) => set({ attempts: typeof value === 'number' ? value : null })}
          error={errorAt('retry', 'attempts')}
        />
        <MeasureInput label="First pause" {...time('baseMs', errorAt('retry', 'baseMs'))} />
        <MeasureInput label="Longest pause" {...time('maxMs', errorAt('retry', 'maxMs'))} />
      </SimpleGrid>
      <Switch
        label="Must not be sent twice"
        description="Sends on a fresh connection, and again only if no byte of the request was sent."
        checked={pace.nonIdempotent === true}
        disabled={readOnly}
        onChange={({ currentTarget }) => set({ nonIdempotent: currentTarget.checked ? true : null })}
      />
    </Stack>
  );
}
