// JSON Schemas inside a definition: each fault at its own line.
import type { JsonObject } from '../kernel/index.ts';
import type { Findings } from './findings.ts';
import { pointerOf, type Path } from './path.ts';
import { schemaFaults } from './schema-keywords.ts';
import { brokenSchema } from './validate.ts';

/** Why a schema from outside a definition may not be used, or undefined. */
export function schemaProblem(schema: JsonObject): string | undefined {
  const [fault] = schemaFaults(schema);
  return fault ? `${pointerOf(fault.path)} ${fault.message}`.trimStart() : brokenSchema(schema);
}

/** The schema itself, or `{}` when it was refused. */
export function checkSchema(schema: JsonObject, path: Path, findings: Findings): JsonObject {
  const faults = schemaFaults(schema);
  for (const fault of faults) findings.problem([...path, ...fault.path], fault.message, fault.part);
  if (faults.length > 0) return {};
  const broken = brokenSchema(schema);
  if (broken === undefined) return schema;
  findings.problem(path, broken);
  return {};
}
