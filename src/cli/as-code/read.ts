import type { CommandTypeBody } from '../../contract/command-type.ts';
import type { ConfigurationFile, IntegrationEntry } from '../../contract/configuration-file.ts';
import type { FieldError } from '../../contract/problem.ts';
import { sourcesOf } from './documents.ts';
import type { SourceFile } from './files.ts';
import type { Gaps } from './gaps.ts';
import { isWithin } from './misspelt.ts';
import { placeIn, type Source } from './places.ts';
import { type Shape, shapeOf } from './shape.ts';

/** What is wrong, and where. */
export type Mistake = { place: string; path: string; message: string };

/** What the files ask for, all of them together. Where there are mistakes it is only for being checked. */
export type Wanted = {
  commandTypes: ReadonlyMap<string, CommandTypeBody>;
  integrations: ReadonlyMap<string, IntegrationEntry>;
  gaps: Gaps;
  /** `acme.yaml:3:5`, for a path as in `integrations.acme.commands.GetInvoiceImage.request.url`. */
  placeOf(path: string): string;
  /** What is wrong with what is wanted, as what is wrong with the files. */
  mistakeOf(error: FieldError): Mistake;
};

/** Reads the files' documents. Everything that is wrong with the shape of any of them is in `mistakes`. */
export function readWanted(files: readonly SourceFile[]): { wanted: Wanted; mistakes: Mistake[] } {
  const mistakes: Mistake[] = [];
  const read = files.map((file) => sourcesOf(file, (place, message) => mistakes.push({ place, path: '', message })));
  const readings = read.flatMap(({ sources }) => sources).map((source) => readingOf(source, mistakes));
  const commandTypes = joined(readings, 'commandTypes', (content) => content.commandTypes, mistakes);
  const integrations = joined(readings, 'integrations', (content) => content.integrations, mistakes);
  const written = (path: string) => {
    const owners = [...commandTypes.owners, ...integrations.owners];
    const owner = owners.find(([owned]) => isWithin(path, owned))?.[1];
    if (owner === undefined) return { place: files[0]?.path ?? '', path };
    const as = owner.writtenAs(path);
    return { place: placeIn(owner.source, as), path: as };
  };
  const gaps = {
    unread: [
      ...readings.flatMap(({ gaps: { unread } }) => unread),
      ...commandTypes.twice.map((name) => `commandTypes.${name}`),
    ],
    open: new Set([...readings.flatMap(({ gaps: { open } }) => [...open]), ...integrations.twice]),
    moreTypes: read.some(({ complete }) => !complete) || readings.some(({ gaps: { moreTypes } }) => moreTypes),
  };
  return {
    wanted: {
      commandTypes: commandTypes.values,
      integrations: integrations.values,
      gaps,
      placeOf: (path) => written(path).place,
      mistakeOf: ({ path, message }) => ({ ...written(path), message }),
    },
    mistakes,
  };
}

type Reading = Shape & { source: Source };

function readingOf(source: Source, mistakes: Mistake[]): Reading {
  const shape = shapeIn(source);
  mistakes.push(...shape.errors.map((error) => ({ place: placeIn(source, error.path), ...error })));
  return { ...shape, source };
}

function shapeIn({ document }: Source): Shape {
  let plain: unknown;
  try {
    plain = document.toJS();
  } catch (error) {
    // An alias of nothing, or aliases of aliases that would grow beyond all bounds.
    const nothing = shapeOf({});
    const errors = [{ path: '', message: (error as Error).message }];
    return { ...nothing, errors, gaps: { ...nothing.gaps, moreTypes: true } };
  }
  return shapeOf(plain);
}

/** What the documents have of a kind; each stands in one of them. */
function joined<Value>(
  readings: readonly Reading[],
  kind: keyof ConfigurationFile,
  valuesIn: (content: ConfigurationFile) => Readonly<Record<string, Value>> | undefined,
  mistakes: Mistake[],
) {
  const values = new Map<string, Value>();
  const owners = new Map<string, Reading>();
  const twice: string[] = [];
  for (const reading of readings) {
    for (const [name, value] of Object.entries(valuesIn(reading.content) ?? {})) {
      const path = `${kind}.${name}`;
      const first = owners.get(path);
      if (first === undefined) {
        owners.set(path, reading);
        values.set(name, value);
      } else {
        const message = `is at ${placeIn(first.source, first.writtenAs(path))} already; it belongs in one place`;
        mistakes.push({ place: placeIn(reading.source, reading.writtenAs(path)), path, message });
        twice.push(name);
      }
    }
  }
  return { values, owners, twice };
}
