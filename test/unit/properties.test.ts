import { describe } from 'vitest';
import { pure } from '../fuzz/all.ts';
import { tryBriefly } from '../fuzz/brief.ts';

describe('contract §3, §5, §6: what holds for every value', () => tryBriefly(pure, 300));
