import type { Page } from '../contract/paging.ts';
import type { AcknowledgeBody, ProblemGroup, ProblemGroupQuery } from '../contract/problem-group.ts';
import type { ListedSchedule, ScheduleFilter } from '../contract/schedule.ts';
import type { LaneState, Statistics, StatisticsQuery } from '../contract/statistics.ts';
import { at, json, type ListQuery, withQuery } from './address.ts';
import type { CallOptions, Transport } from './transport.ts';

/** Calls for how things stand, over all integrations. */
export function statisticsCalls({ send }: Transport) {
  return {
    statistics: (query: Partial<StatisticsQuery> = {}, call?: CallOptions) =>
      json<Statistics>(send('GET', withQuery(at('statistics'), query), call)),
    /** How much there is to do. */
    lanes: (call?: CallOptions) => json<{ items: LaneState[] }>(send('GET', at('lanes'), call)),
    /** What is wrong now. */
    problems: (query: ProblemGroupQuery = {}, call?: CallOptions) =>
      json<{ items: ProblemGroup[] }>(send('GET', withQuery(at('problems'), query), call)),
    acknowledgeProblem: (body: AcknowledgeBody, call?: CallOptions) =>
      json<ProblemGroup>(send('POST', at('problems', 'acknowledge'), { ...call, body })),
    allSchedules: (query: ListQuery<ScheduleFilter> = {}, call?: CallOptions) =>
      json<Page<ListedSchedule>>(send('GET', withQuery(at('schedules'), query), call)),
  };
}
