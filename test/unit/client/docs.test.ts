import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { invocationStatusSchema } from '../../../src/contract/invocation.ts';
import { invokeJobName, producerJobSchema, queueName } from '../../../src/contract/job.ts';

const page = readFileSync(new URL('../../../docs/producing.md', import.meta.url), 'utf8');
const blocks = (language: string) =>
  [...page.matchAll(/^```(\S+)(.*?)\n(.*?)^```$/gms)]
    .filter((found) => `${found[1]}${found[2]}` === language)
    .map((found) => found[3] ?? '');

describe('contract §4: docs/producing.md', () => {
  it('shows a job as the worker takes it', () => {
    const [job = ''] = blocks('json job');
    expect(producerJobSchema.parse(JSON.parse(job))).toEqual(JSON.parse(job));
  });

  it('names every field of a job', () => {
    const [job = ''] = blocks('json job');
    expect(Object.keys(JSON.parse(job)).sort()).toEqual(Object.keys(producerJobSchema.shape).sort());
  });

  it('shows the return value', () => {
    const { invocation, status } = JSON.parse(blocks('json return')[0] ?? '');
    expect(invocation).toMatch(/^[0-9a-f-]{36}$/);
    expect(invocationStatusSchema.parse(status)).toBe('succeeded');
  });

  it('shows another language the same queue, name and fields', () => {
    const [python = ''] = blocks('python');
    expect(python).toContain(`Queue("${queueName('errand', 'batch')}"`);
    expect(python).toContain(`"${invokeJobName}"`);
    const data = /^\s*(\{"integration".*\}),$/m.exec(python)?.[1] ?? '';
    expect(producerJobSchema.safeParse(JSON.parse(data)).success).toBe(true);
  });

  it('has JSON that can be parsed in its shell examples', () => {
    const found = blocks('sh').flatMap((block) => [...block.matchAll(/--json '(\{.*?\})'/gs)]);
    expect(found).toHaveLength(1);
    for (const [, json = ''] of found) expect(() => JSON.parse(json)).not.toThrow();
  });
});
