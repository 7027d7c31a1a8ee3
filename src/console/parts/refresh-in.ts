/** Each page is asked for anew by a request of its own: the more of them, the less often; also while it fails. */
export const refreshIn = (refreshMs: number, failing: boolean, pages = 1) => refreshMs * pages * (failing ? 5 : 1);
