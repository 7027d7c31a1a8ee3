import manifest from '../../package.json' with { type: 'json' };

export const version: string = manifest.version;

/** Every request says who sends it (contract §6). */
export const userAgent = `errand/${version}`;
