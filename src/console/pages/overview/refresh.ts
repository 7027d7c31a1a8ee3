/** How often everything on the overview is asked for anew. */
export const refreshMs = 5_000;
