/**
 * Which work waits because of its integration: paused by a person, held by Errand since its endpoint keeps failing, or
 * asked to wait (`Retry-After`). What waits is neither rung for nor claimed, so it costs nothing until then: said of the
 * integration, not of each row, this spares reading its rows at all. The claim decides; everything before it is advice.
 *
 * Only batch work waits like this. Interactive work is taken in any case: it fails at once, or is put off by so much as
 * its endpoint asked for.
 */

/** As with due rows (`isDueOf`): what became due in the same statement is not to wait for a millisecond's fraction. */
export const justNow = `now() + interval '10 milliseconds'`;

const isPaused = (integration: string) =>
  `(select held.status from integrations held where held.id = ${integration}) is not distinct from 'paused'`;

/**
 * Does an integration's work of this lane wait?
 *
 * Scalar sub-queries, not `exists`: that the planner may turn into a scan of all integrations for each claim.
 *
 * @param lane SQL, as `integration`
 */
export const isHeldWork = (lane: string, integration: string) => `(${lane} = 'batch' and (${isPaused(integration)}
  or (select flow.hold is not null or flow.not_before > ${justNow}
    from integration_flow flow where flow.integration = ${integration}) is true))`;

/** Is this row of `invocations` held? */
export const isHeld = (row: string) => isHeldWork(`${row}.lane`, `${row}.integration`);

/** Is it time to let one of its invocations through, to see whether its endpoint is well again? Not while one is out. */
export const isProbeDue = (integration: string) => `((
  select flow.hold is not null and flow.next_probe_at <= ${justNow}
    and (select probing.status from invocations probing where probing.id = flow.probe) is distinct from 'running'
  from integration_flow flow where flow.integration = ${integration}) is true and not ${isPaused(integration)})`;
