import type { z } from 'zod';
import type { FieldError } from './problem.ts';
import { nounOf, quoted } from './wording.ts';

type Issue = z.core.$ZodIssue;
type Path = readonly PropertyKey[];

/** Enough to mend a request by; a body full of mistakes does not make an answer as large as itself. */
const maxErrors = 50;
const maxPathLength = 300;

/** Zod's issues, worded by `wording`, as the field errors of a problem; paths as in `request.headers.0.value`. */
export function fieldErrors(issues: readonly Issue[], most = maxErrors): FieldError[] {
  return issues.flatMap((issue) => errorsOf(issue, [])).slice(0, most);
}

export function pathText(path: Path): string {
  const text = path.map(String).join('.');
  return text.length <= maxPathLength ? text : `${text.slice(0, maxPathLength)}…`;
}

function errorsOf(issue: Issue, prefix: Path): FieldError[] {
  const path = [...prefix, ...issue.path];
  switch (issue.code) {
    case 'unrecognized_keys': {
      const messages = issue.message.split('\n');
      return issue.keys.map((key, index) => ({
        path: pathText([...path, key]),
        message: messages[index] ?? 'is not known here',
      }));
    }
    case 'invalid_key':
    case 'invalid_element':
      return issue.issues.map(({ message }) => ({ path: pathText(path), message }));
    case 'invalid_union':
      if ('options' in issue)
        return [{ path: pathText(path), message: `must be ${either(issue.options.map(quoted))}` }];
      return ofUnion(issue.errors, path);
    default:
      return [{ path: pathText(path), message: issue.message }];
  }
}

/**
 * A value that fits none of several forms: if it has the type of one of them, then what is wrong by that form, or else
 * what it could have been.
 */
function ofUnion(branches: readonly (readonly Issue[])[], path: Path): FieldError[] {
  const meant = branches
    .filter((issues) => !issues.some(isMismatch))
    .sort((a, b) => strangeKeys(a) - strangeKeys(b))[0];
  if (meant !== undefined) return meant.flatMap((issue) => errorsOf(issue, path));
  const forms = [...new Set(branches.flatMap((issues) => issues.filter(isMismatch).flatMap(formsOf)))];
  return [{ path: pathText(path), message: `must be ${either(forms)}` }];
}

function either(forms: readonly string[]): string {
  const last = forms.at(-1) ?? 'something else';
  return forms.length <= 1 ? last : `${forms.slice(0, -1).join(', ')} or ${last}`;
}

const isMismatch = (issue: Issue) =>
  issue.path.length === 0 && (issue.code === 'invalid_type' || issue.code === 'invalid_value');

function formsOf(issue: Issue): string[] {
  if (issue.code === 'invalid_type') return [nounOf(issue.expected)];
  return issue.code === 'invalid_value' ? issue.values.map(quoted) : [];
}

function strangeKeys(issues: readonly Issue[]): number {
  return issues.reduce((sum, issue) => sum + (issue.code === 'unrecognized_keys' ? issue.keys.length : 0), 0);
}
