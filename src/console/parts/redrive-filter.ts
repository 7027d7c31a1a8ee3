import { type ErrorCode, errorCatalogue } from '../../contract/error-catalogue.ts';
import type { RedriveBody } from '../../contract/redrive.ts';
import { codeTitle, sideWords } from '../words.ts';
import { exactTime } from './times.ts';

/** Which of the failed ones are meant; without `codes` all that a person means by failed. */
export type RedriveFilter = Omit<RedriveBody, 'all' | 'dryRun'>;

/** What a person means by failed: what is absent or was cancelled would come out the same again. */
export const failureCodes: ErrorCode[] = (Object.keys(errorCatalogue) as ErrorCode[]).filter(
  (code) => code !== 'absent' && code !== 'cancelled',
);

export const redriveOf = (filter: RedriveFilter): RedriveBody => ({ ...filter, codes: filter.codes ?? failureCodes });

/** What narrows it, in a line each. */
export function narrowingOf({ integration, command, batch, run, codes, side, since, until }: RedriveFilter): string[] {
  const lines = [
    integration !== undefined && `of the integration ${integration}`,
    command !== undefined && `of the command ${command}`,
    batch !== undefined && `of the batch ${batch}`,
    run !== undefined && `of the run ${run}`,
    codes === undefined
      ? 'whatever went wrong, but neither what is absent there nor what was cancelled'
      : `that ended with: ${codes.map((code) => codeTitle(code)).join(', ')}`,
    side !== undefined && `that come from ${sideWords[side]}`,
    since !== undefined && `accepted since ${exactTime(since)}`,
    until !== undefined && `accepted before ${exactTime(until)}`,
  ];
  return lines.filter((line) => line !== false);
}
