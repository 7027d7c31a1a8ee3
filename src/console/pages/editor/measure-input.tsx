import { TextInput, type TextInputProps } from '@mantine/core';
import { useState } from 'react';
import { type Measure, measured, readMeasure, type Unit } from './measures.ts';

type MeasureInputProps = {
  label: string;
  description?: string;
  inputWrapperOrder?: TextInputProps['inputWrapperOrder'] & {};
  value: Measure;
  onChange: (value: Measure) => void;
  units: readonly Unit[];
  /** What holds if nothing is given. */
  standard: string;
  example: string;
  readOnly: boolean;
  error?: string | undefined;
};

/** A time or a size, written as people do. */
export function MeasureInput({
  value,
  onChange,
  units,
  standard,
  example,
  readOnly,
  error,
  ...input
}: MeasureInputProps) {
  const shown = typeof value === 'number' ? measured(value, units) : (value ?? '');
  // While somebody writes, it stays as they write it, as long as that is what the value is.
  const [written, setWritten] = useState<string | null>(null);
  const stands = written !== null && readMeasure(written, units) === value;
  return (
    <TextInput
      {...input}
      value={stands ? written : shown}
      placeholder={standard}
      readOnly={readOnly}
      autoComplete="off"
      onChange={({ currentTarget }) => {
        setWritten(currentTarget.value);
        onChange(readMeasure(currentTarget.value, units));
      }}
      onBlur={() => setWritten(null)}
      error={typeof value === 'string' ? `Write it with its unit, such as ${example}` : error}
    />
  );
}
