import { type FieldError, Refusal } from '../../contract/problem.ts';

/**
 * What a use case would refuse something for.
 *
 * @param path of a refusal that names no field
 */
export function refused(path: string, check: () => void): FieldError[] {
  try {
    check();
    return [];
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return error.errors.length > 0 ? [...error.errors] : [{ path, message: error.message }];
  }
}
