// Is this input one that the workflow takes?
import { isJsonObject } from '../kernel/index.ts';
import type { Json } from '../kernel/index.ts';
import type { Plan } from './plan.ts';
import { validateWithDefaults } from './validate.ts';
import type { Validated } from './validate.ts';

/** Checks an input against the plan's schema. The value given back is a copy with the schema's defaults filled in. */
export function validateInput(plan: Pick<Plan, 'input'>, input: Json): Validated {
  if (!isJsonObject(input)) return { value: input, problems: [{ path: '', message: 'the input must be an object' }] };
  return validateWithDefaults(plan.input, input);
}
