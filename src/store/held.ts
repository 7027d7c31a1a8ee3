/**
 * Does an integration's work of this lane wait because it is paused? Only batch work does; interactive work is taken and
 * fails at once. What waits is neither rung for nor claimed, so it costs nothing until somebody resumes: said of the
 * integration, not of each row, this spares reading its rows at all.
 *
 * A scalar sub-query, not `exists`: that the planner may turn into a scan of all integrations for each claim.
 *
 * @param lane SQL, as `integration`
 */
export const isHeldWork = (lane: string, integration: string) => `(${lane} = 'batch'
  and (select held.status from integrations held where held.id = ${integration}) is not distinct from 'paused')`;

/** Is this row of `invocations` held? */
export const isHeld = (row: string) => isHeldWork(`${row}.lane`, `${row}.integration`);
