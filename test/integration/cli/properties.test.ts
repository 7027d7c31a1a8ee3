import { describe } from 'vitest';
import { ofFiles } from '../../fuzz/all.ts';
import { tryBriefly } from '../../fuzz/brief.ts';

describe('contract §2: what holds for every file of items', () => tryBriefly(ofFiles, 200));
