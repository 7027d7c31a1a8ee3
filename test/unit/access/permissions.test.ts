import { expect, it } from 'vitest';
import { can, permissions, rolesThatCan } from '../../../src/access/permissions.ts';
import { roles } from '../../../src/contract/api-key.ts';

it('contract §3: lets an admin do everything', () => {
  expect(permissions.filter((permission) => !can('admin', permission))).toEqual([]);
});

it('contract §3: gives every other role what the contract says and no more', () => {
  const granted = Object.fromEntries(roles.map((role) => [role, permissions.filter((each) => can(role, each))]));
  expect(granted).toMatchObject({
    producer: ['session.read', 'invocations.enqueue', 'invocations.read'],
    configurer: [
      'session.read',
      'command-types.read',
      'integrations.read',
      'integrations.write',
      'secrets.read',
      'secrets.write',
      'commands.read',
      'commands.write',
      'commands.preview',
      'commands.test',
      'commands.dry-run',
      'schedules.read',
      'schedules.write',
      'schedules.run',
      'statistics.read',
    ],
    operator: [
      'session.read',
      'command-types.read',
      'integrations.read',
      'integrations.pause',
      'secrets.read',
      'commands.read',
      'schedules.read',
      'schedules.run',
      'invocations.read',
      'invocations.retry',
      'invocations.cancel',
      'invocations.redrive',
      'statistics.read',
      'problems.read',
      'problems.acknowledge',
      'audit.read',
      'audit.verify',
      'queues.read',
      'metrics.read',
      'notifications.read',
      'notifications.retry',
    ],
  });
});

it('contract §3: names the roles that may', () => {
  expect(rolesThatCan('invocations.enqueue')).toEqual(['producer', 'admin']);
  expect(rolesThatCan('keys.manage')).toEqual(['admin']);
  expect(rolesThatCan('portal-sessions.create')).toEqual(['admin']);
});
