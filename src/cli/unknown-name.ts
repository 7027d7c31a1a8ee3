import { distance } from 'fastest-levenshtein';
import { ApiError, type HttpClient } from '../client/http.ts';

/** The known name that was probably meant: no more than a third of it may differ, whatever its case. */
export function nearest(name: string, known: readonly string[]): string | null {
  const lower = name.toLowerCase();
  let best: { each: string; far: number } | null = null;
  for (const each of known) {
    const far = distance(lower, each.toLowerCase());
    if (far <= Math.max(1, Math.floor(Math.max(each.length, name.length) / 3)) && (best === null || far < best.far)) {
      best = { each, far };
    }
  }
  return best?.each ?? null;
}

/** Past these, names are not listed but only compared. */
const mostListed = 12;
const mostPages = 10;

function hint(name: string, known: readonly string[], none: string): string {
  const near = nearest(name, known);
  if (near !== null) return `did you mean \`${near}\`?`;
  if (known.length === 0) return none;
  if (known.length > mostListed) return `there are ${known.length} others, none of them close.`;
  return `there ${known.length === 1 ? 'is' : 'are'} ${known.map((each) => `\`${each}\``).join(', ')}.`;
}

/**
 * What to say when the API knows no such integration or command: which of the two it is, and what was probably meant.
 * `null` if the key may not look (a producer's reads invocations only), or nothing of this kind is the matter.
 */
export async function explainUnknown(client: HttpClient, integration: string, command: string): Promise<string | null> {
  try {
    const integrations = await everyIntegration(client);
    if (!integrations.includes(integration)) {
      return `no such integration \`${integration}\`; ${hint(integration, integrations, 'there are none yet.')}`;
    }
    const commands = (await client.listCommands(integration)).items.map(({ name }) => name);
    if (commands.includes(command)) return null;
    return `integration \`${integration}\` has no command \`${command}\`; ${hint(command, commands, 'it has none yet.')}`;
  } catch (error) {
    if (error instanceof ApiError) return null;
    throw error;
  }
}

async function everyIntegration(client: HttpClient): Promise<string[]> {
  const ids: string[] = [];
  let cursor: string | undefined;
  for (let page = 0; page < mostPages; page += 1) {
    const { items, nextCursor } = await client.listIntegrations({
      limit: 200,
      ...(cursor === undefined ? {} : { cursor }),
    });
    ids.push(...items.map(({ id }) => id));
    if (nextCursor === null) break;
    cursor = nextCursor;
  }
  return ids;
}
