import { answers } from './answers.ts';
import { crons } from './crons.ts';
import { files, streams } from './items.ts';
import { places } from './places.ts';
import type { KeptProperty } from './property.ts';
import { secrets } from './secrets.ts';
import { templates } from './templates.ts';

/** Those that touch nothing outside the process. */
export const pure: readonly KeptProperty[] = [...templates, ...places, ...answers, ...streams, ...crons, ...secrets];
export const ofFiles: readonly KeptProperty[] = files;
export const all = [...pure, ...ofFiles];
