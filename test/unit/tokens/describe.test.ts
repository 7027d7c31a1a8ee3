import { expect, it } from 'vitest';
import { describeTokens } from '../../../src/tokens/describe.ts';

const nothing = { description: null, example: null, required: false, sensitive: false, aliasOf: null };

it('contract §5: tells of every token that a template may name, each name once', () => {
  const described = describeTokens({
    commandType: [
      { name: 'Number', description: "The invoice's.", example: 'INV1', required: true },
      { name: 'number', aliasOf: 'Number' },
      { name: 'base' },
    ],
    variables: [{ name: 'base', value: 'https://a.example' }],
    secrets: [
      { name: 'apiKey', hint: 'gckQ...taJ9' },
      { name: 'short', hint: null },
    ],
  });
  expect(described.filter(({ from }) => from !== 'errand')).toEqual([
    {
      ...nothing,
      name: 'Number',
      from: 'command-type',
      description: "The invoice's.",
      example: 'INV1',
      required: true,
    },
    { ...nothing, name: 'number', from: 'command-type', aliasOf: 'Number' },
    { ...nothing, name: 'base', from: 'variable', example: 'https://a.example' },
    { ...nothing, name: 'apiKey', from: 'secret', example: 'gckQ...taJ9', sensitive: true },
    { ...nothing, name: 'short', from: 'secret', sensitive: true },
  ]);
  expect(described.filter(({ from }) => from === 'errand').map(({ name }) => name)).toEqual([
    'errand.invocationId',
    'errand.attempt',
    'errand.now',
    'errand.lastSync',
    'errand.since',
    'errand.next',
  ]);
});

it('contract §5: shows no value of what is declared sensitive, also as a variable', () => {
  const described = describeTokens({
    commandType: [
      { name: 'authToken', sensitive: true },
      { name: 'auth token', aliasOf: 'authToken' },
    ],
    variables: [{ name: 'auth token', value: 'a session token' }],
    secrets: [],
  });
  expect(described.slice(0, 2)).toEqual([
    { ...nothing, name: 'authToken', from: 'command-type', sensitive: true },
    { ...nothing, name: 'auth token', from: 'variable', sensitive: true },
  ]);
});
