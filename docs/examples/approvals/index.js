// What this folder adds to Breakwater, beside its YAML.
import { SignedOffer } from './signed-offer.ts';

export const workflows = [SignedOffer];
