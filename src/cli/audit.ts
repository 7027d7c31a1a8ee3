import { createWriteStream } from 'node:fs';
import { rm } from 'node:fs/promises';
import { Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { ReadableStream } from 'node:stream/web';
import { ApiError, type HttpClient } from '../client/http.ts';
import type { AuditFilter, AuditVerification } from '../contract/audit.ts';
import type { Environment } from '../platform/config.ts';
import { withClient } from './api-client.ts';
import { CliFailure, exitCodes } from './failure.ts';
import { isBrokenPipe, printJson, printLine, requireWritable, tell } from './output.ts';

export type KeptSealOption = { number: number; head: string };

export type AuditVerbs = {
  verify(options: { kept?: KeptSealOption; json: boolean }): Promise<void>;
  export(options: { output?: string; filter: AuditFilter }): Promise<void>;
};

export function createAuditVerbs(env: Environment): AuditVerbs {
  return {
    verify: ({ kept, json }) =>
      withClient(env, async (client) => {
        const answer = await unlessUsage(client.verifyAudit(kept ?? {}));
        await (json ? printJson(answer) : printVerification(answer));
        if (!answer.ok) throw new CliFailure(exitCodes.failed, 'The audit log is not as it was sealed.');
      }),
    export: ({ output, filter }) => withClient(env, (client) => exportTo(client, output, filter)),
  };
}

async function printVerification({ ok, seals, entries, newest, problems, ...rest }: AuditVerification): Promise<void> {
  for (const { message } of problems) await printLine(message);
  const amount = (count: number) => count.toLocaleString('en-US');
  if (ok) await printLine(`${amount(entries)} entries under ${amount(seals)} seals are as they were sealed`);
  if (rest.unsealed > 0) await printLine(`${amount(rest.unsealed)} not sealed yet, since ${rest.unsealedSince}`);
  if (newest !== null) await printLine(`Newest seal, to be kept elsewhere: ${newest.number}:${newest.head}`);
}

async function exportTo(client: HttpClient, output: string | undefined, filter: AuditFilter): Promise<void> {
  if (output !== undefined) await requireWritable(output);
  const body = Readable.fromWeb((await unlessUsage(client.exportAudit(filter))) as ReadableStream<Uint8Array>);
  const { counting, lines } = createLineCounter();
  let broken: unknown;
  body.once('error', (error) => {
    broken = error;
  });
  try {
    if (output === undefined) return await pipeline(body, process.stdout, { end: false });
    await pipeline(body, counting, createWriteStream(output, { mode: 0o600 }));
  } catch (error) {
    if (output !== undefined) await rm(output, { force: true });
    const why = error instanceof Error ? error.message : String(error);
    const what = broken === undefined ? `--output ${output}` : 'the export broke off, and is not whole';
    throw isBrokenPipe(error) ? error : new CliFailure(exitCodes.failed, `${what}: ${why}`);
  }
  const count = lines();
  tell(
    count === 0 ? `Nothing fits; ${output} is empty` : `${count.toLocaleString('en-US')} entries saved to ${output}`,
  );
}

/** Passes everything on, and counts the lines of it. */
function createLineCounter(): { counting: Transform; lines: () => number } {
  const newline = 0x0a;
  let count = 0;
  const counting = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      for (let at = chunk.indexOf(newline); at !== -1; at = chunk.indexOf(newline, at + 1)) count += 1;
      done(null, chunk);
    },
  });
  return { counting, lines: () => count };
}

async function unlessUsage<Answer>(asked: Promise<Answer>): Promise<Answer> {
  try {
    return await asked;
  } catch (error) {
    const usage = error instanceof ApiError && (error.status === 400 || error.status === 422);
    throw usage ? new CliFailure(exitCodes.usage, error.message) : error;
  }
}
