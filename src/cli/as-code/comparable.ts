import { normalHosts } from '../../contract/allowed-hosts.ts';
import type { Command, CommandBody } from '../../contract/command.ts';
import type { CommandType, CommandTypeBody } from '../../contract/command-type.ts';
import type { IntegrationEntry, SecretReference } from '../../contract/configuration-file.ts';
import { type Integration, integrationBodySchema, type Secret } from '../../contract/integration.ts';
import type { Schedule, ScheduleBody } from '../../contract/schedule.ts';
import { hintOf } from '../../integrations/secrets.ts';
import { definitionOf, type ScheduleDefinition } from '../../schedules/schedule.ts';

type Fields = Record<string, unknown>;

const integrationFields = Object.keys(integrationBodySchema.shape).filter(
  (field) => !['account', 'type'].includes(field),
);

/** What is configured of an integration itself; what stands for nothing is left out, as a file may leave it out. */
export function integrationConfiguration(integration: Integration | Partial<IntegrationEntry>): Fields {
  const fields = integration as Fields;
  return asJson(
    Object.fromEntries(
      integrationFields.map((field) => [field, fields[field]]).filter(([, value]) => !isNothing(value)),
    ),
  );
}

function isNothing(value: unknown): boolean {
  if (value === undefined || value === null) return true;
  return typeof value === 'object' && Object.keys(value).length === 0;
}

/** What is configured of a command. */
export function commandConfiguration(command: Command | CommandBody): CommandBody {
  const { name, version, updatedAt, ...body } = command as Command;
  return asJson(body);
}

/** What is configured of a schedule, defaults included. */
export function scheduleConfiguration(schedule: Schedule | ScheduleBody): ScheduleDefinition {
  return definitionOf(schedule as ScheduleBody);
}

/** What is configured of a command type. */
export function typeConfiguration(type: CommandType | CommandTypeBody): CommandTypeBody {
  const { name, builtIn, ...body } = type as CommandType;
  return asJson(body);
}

/** What can be told of a secret in Errand. */
export function storedSecret({ hint, allowedHosts }: Pick<Secret, 'hint' | 'allowedHosts'>): Fields {
  return { value: hint ?? tooShort, ...(allowedHosts === null ? {} : { allowedHosts }) };
}

/** The same of the one that a file names. */
export function givenSecret({ allowedHosts }: SecretReference, value: string): Fields {
  return storedSecret({
    hint: hintOf(value),
    allowedHosts: allowedHosts === undefined ? null : normalHosts(allowedHosts),
  });
}

const tooShort = '(too short for a hint)';

/** As it comes back from the API: fields without a value are gone. */
const asJson = <Value>(value: Value): Value => JSON.parse(JSON.stringify(value));
