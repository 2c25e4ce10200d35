// The database's own text of a time, as cursors hold it: a Date has milliseconds only, and rows that share one would be passed over.
import { z } from 'zod';

export const timestampText = z
  .string()
  .regex(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d+)?[+-]\d\d(:\d\d)?$/)
  .refine((text) => !Number.isNaN(Date.parse(text)));
