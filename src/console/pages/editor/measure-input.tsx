import { TextInput, type TextInputProps } from '@mantine/core';
import { useState } from 'react';
import { measured, readMeasure, type Unit } from './measures.ts';

type MeasureInputProps = {
  label: string;
  description?: string;
  inputWrapperOrder?: TextInputProps['inputWrapperOrder'] & {};
  value: number | null;
  onChange: (value: number | null) => void;
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
  const shown = value === null || Number.isNaN(value) ? '' : measured(value, units);
  // While somebody writes, it stays as they write it.
  const [written, setWritten] = useState<string | null>(null);
  const wrong = written !== null && Number.isNaN(readMeasure(written, units));
  return (
    <TextInput
      {...input}
      value={written ?? shown}
      placeholder={standard}
      readOnly={readOnly}
      autoComplete="off"
      onChange={({ currentTarget }) => {
        setWritten(currentTarget.value);
        onChange(readMeasure(currentTarget.value, units));
      }}
      onBlur={() => wrong || setWritten(null)}
      error={wrong ? `Write it with its unit, such as ${example}` : error}
    />
  );
}
