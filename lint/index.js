// Lint rules for workflow code, as a plugin of ESLint's shape: oxlint takes it in `jsPlugins`, ESLint in `plugins`.
import { noBareCatch } from './no-bare-catch.js';
import { noNondeterminism } from './no-nondeterminism.js';

export default {
  meta: { name: 'breakwater' },
  rules: { 'no-bare-catch': noBareCatch, 'no-nondeterminism': noNondeterminism },
};
