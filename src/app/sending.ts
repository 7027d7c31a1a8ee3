import type { SendOptions } from '../invocations/execute.ts';
import type { Exchange } from '../judging/exchange.ts';
import { type CheckReceiver, createReceiverCheck } from '../notifications/receiver.ts';
import type { Config } from '../platform/config.ts';
import { proxyFor } from '../platform/proxy.ts';
import { createAuthenticatedSender } from '../sending/authenticated.ts';
import { refusedAsWritten } from '../sending/egress.ts';
import type { OwnService } from '../sending/own-services.ts';
import { createSender, type Sender } from '../sending/sender.ts';
import type { RenderedRequest } from '../tokens/render.ts';
import { ownAsConfigured } from './own-services.ts';
import { userAgent } from './version.ts';

/** The process's sender, by Errand's egress rules. */
export function openSender(
  { egressAllow: allow, egressIps }: Pick<Config, 'egressAllow' | 'egressIps'>,
  own: readonly OwnService[],
  maxBufferedBytes: number,
): Sender {
  return createSender({ allow, own: () => own, egressIps, proxyFor, maxBufferedBytes, userAgent });
}

/** What is said of a URL when it is accepted, by the rules that notifications are sent to it by. */
export function openReceiverCheck(config: Config): CheckReceiver {
  const own = ownAsConfigured(config);
  return createReceiverCheck((url) => refusedAsWritten(url, { allow: config.egressAllow, own: () => own }));
}

/** How a command's request is sent: with its integration's authentication, by the times of its lane. */
export function openSend(sender: Sender): (request: RenderedRequest, options: SendOptions) => Promise<Exchange> {
  const send = createAuthenticatedSender(sender);
  return (request, { policy, maxBytes, signal, redirectProblem, authentication, at }) =>
    send(
      request,
      { authentication, at },
      {
        timeoutMs: policy.timeoutMs,
        connectTimeoutMs: policy.connectTimeoutMs,
        maxBytes,
        freshConnection: policy.nonIdempotent,
        signal,
        redirectProblem,
      },
    );
}
