/** What `errand/client` is in a browser, and `errand/client/http` everywhere: nothing but `fetch` is needed. */
export type { ApiKey, KeyAccounts, Role } from '../contract/api-key.ts';
export type { AuditEntry, AuditFilter, AuditVerification } from '../contract/audit.ts';
export type { Batch, BatchItem } from '../contract/batch.ts';
export type { BatchReport, MissingItem } from '../contract/batch-report.ts';
export type { Callback } from '../contract/callback.ts';
export type { Command, CommandBody } from '../contract/command.ts';
export type { CommandCheck, CommandVersion, DryRun, PastCommand } from '../contract/command-check.ts';
export type { CommandPreview, CommandTest } from '../contract/command-test.ts';
export type { CommandType, CommandTypeBody } from '../contract/command-type.ts';
export type { ErrorCode, Failure } from '../contract/errors.ts';
export type { Integration, IntegrationBody, IntegrationPatch, Secret } from '../contract/integration.ts';
export type {
  Attempt,
  EnqueuedInvocation,
  Invocation,
  InvocationBody,
  InvocationFilter,
  InvocationStatus,
} from '../contract/invocation.ts';
export type { Lane } from '../contract/lane.ts';
export type {
  CallbackSecret,
  EndpointBody,
  EndpointPatch,
  EndpointTest,
  EndpointWithSecret,
  Notification,
  NotificationEndpoint,
  NotificationFilter,
} from '../contract/notification.ts';
export type { Page } from '../contract/paging.ts';
export type { FieldError, Problem } from '../contract/problem.ts';
export type { ProblemGroup } from '../contract/problem-group.ts';
export type { Redrive, RedriveBody } from '../contract/redrive.ts';
export type { RunSummary } from '../contract/run.ts';
export type { ListedSchedule, Schedule, ScheduleBody } from '../contract/schedule.ts';
export type { SessionInfo } from '../contract/session.ts';
export type { LaneState, Statistics } from '../contract/statistics.ts';
export type { Tokens, TokenValue } from '../contract/tokens.ts';
export type { ListQuery } from './address.ts';
export type { NewKey } from './admin.ts';
export type { WaitForBatchOptions } from './batch-end.ts';
export type { BatchItems, NewBatch } from './batches.ts';
export { ApiError, ApiUnreachable, WaitTimeout } from './errors.ts';
export {
  createHttpClient as createClient,
  type EnqueueOptions,
  type HttpClient as Client,
  type HttpClientOptions as ClientOptions,
  type WaitOptions,
} from './http.ts';
export type { EnqueuedBytes, ResultBytes, StoredBytes } from './results.ts';
export type { CallOptions } from './transport.ts';
