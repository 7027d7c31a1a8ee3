import { ApiError, ApiUnreachable, createHttpClient, type HttpClient } from '../client/http.ts';
import { type Config, type Environment, loadConfig } from '../platform/config.ts';
import { readAdminKey } from '../platform/data-dir.ts';
import { CliFailure, exitCodes } from './failure.ts';
import { explainUnknown } from './unknown-name.ts';

/**
 * Does the work of a command that talks to the HTTP API, at `ERRAND_URL` with `ERRAND_API_KEY`.
 *
 * @throws CliFailure with what the API says, or that it does not answer
 */
export async function withClient<Value>(
  env: Environment,
  work: (client: HttpClient) => Promise<Value>,
): Promise<Value> {
  const config = loadConfig(env, { role: 'client' });
  const client = createHttpClient({ url: config.client.url, apiKey: await apiKeyOf(config) });
  try {
    return await work(client);
  } catch (error) {
    if (error instanceof ApiError || error instanceof ApiUnreachable) {
      throw new CliFailure(exitCodes.failed, error.message);
    }
    throw error;
  }
}

async function apiKeyOf({ client, dataDir }: Config): Promise<string> {
  const apiKey = client.apiKey ?? (await readAdminKey(dataDir));
  if (apiKey !== null) return apiKey;
  const message = `no API key: set ERRAND_API_KEY, or run it where ERRAND_DATA_DIR (${dataDir}) has the admin key.`;
  throw new CliFailure(exitCodes.usage, message);
}

/** What was asked for does not exist or does not fit: the user's to mend, as with any bad usage. `null`: it is not that. */
export async function usageProblem(
  client: HttpClient,
  error: ApiError,
  { integration, command }: { integration: string; command: string },
): Promise<string | null> {
  if (error.status === 404) return (await explainUnknown(client, integration, command)) ?? error.message;
  return error.status === 400 || error.status === 422 ? error.message : null;
}
