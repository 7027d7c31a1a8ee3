/** How many requests to an integration's server are in flight at the same time where `limits.concurrency` does not say. */
export const defaultConcurrency = 8;
export const maxConcurrency = 1000;
export const maxRates = 5;

export const minSecretLength = 8;
/** Under this length a secret gets no hint: the hint would give too much of it away. */
export const minHintedSecretLength = 16;
