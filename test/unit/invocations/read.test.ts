import { expect, it } from 'vitest';
import { createReader, type ReadDependencies } from '../../../src/invocations/read.ts';

it('contract §3: an invocation that has ended is never shown without the attempt that ended it', async () => {
  const id = '01a212c5-e3a1-7384-b230-0261a626ddc6';
  let recorded = false;
  const store = {
    async find() {
      // It ends while its row is being read.
      await null;
      recorded = true;
      return {
        id,
        account: 'default',
        status: 'failed',
        tokens: {},
        sealedTokens: null,
        createdAt: new Date(),
        error: null,
      };
    },
    attemptsOf: async () => (recorded ? [{ number: 1, startedAt: new Date(), error: null, commandVersion: null }] : []),
  } as unknown as ReadDependencies['store'];
  const pastRequests = {} as unknown as ReadDependencies['pastRequests'];
  const { attempts } = await createReader({ store, pastRequests, callbackOf: async () => null }).get('*', id);
  expect(attempts).toMatchObject([{ number: 1 }]);
});
