import { Anchor, Text } from '@mantine/core';
import { Link } from 'react-router';
import type { Invocation } from '../../../contract/invocation.ts';
import { durationWords } from '../../parts/measures.ts';
import { short, tokensLine } from '../../parts/tokens-line.ts';
import { codeTitle, sideWords } from '../../words.ts';
import { exchangesMs, failureOf, wholeMs } from './shown.ts';

/** Its values, which lead to it. */
export function InvocationLink({ invocation }: { invocation: Invocation }) {
  const line = tokensLine(invocation);
  return (
    <Anchor component={Link} to={`/invocations/${invocation.id}`} size="sm" title={line} className="values">
      {short(line)}
    </Anchor>
  );
}

/** In words, and whose move it is. */
export function WhatWentWrong({ invocation }: { invocation: Invocation }) {
  const failure = failureOf(invocation);
  if (failure === null) return null;
  return (
    <>
      <Text size="sm" title={failure.message}>
        {codeTitle(failure.code, failure.cause)}
      </Text>
      <Text size="xs" c="dimmed">
        {sideWords[failure.side]}
      </Text>
    </>
  );
}

/** Its requests' time and, where it waited much longer than that, the whole. */
export function Duration({ invocation, size = 'sm' }: { invocation: Invocation; size?: 'sm' | 'xs' }) {
  const sending = exchangesMs(invocation);
  const whole = wholeMs(invocation);
  return (
    <>
      <Text size={size} className="no-wrap">
        {sending === null ? '–' : durationWords(sending)}
      </Text>
      {whole !== null && whole >= 1_000 && whole > 2 * (sending ?? 0) && (
        <Text size="xs" c="dimmed" className="no-wrap">
          of {durationWords(whole)}
        </Text>
      )}
    </>
  );
}
