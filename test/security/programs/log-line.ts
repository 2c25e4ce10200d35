// Announces what no room should: a secret in every field that a line of the log may have.
import { createLog } from '../../../src/telemetry/index.ts';
import { createRedactor } from '../../../src/tools/index.ts';

const [secret = ''] = process.argv.slice(2);
const redactor = createRedactor();
redactor.hide(secret, 'secret://a');
const emit = createLog('info', redactor.text);

const error = new Error(`of ${secret}`);
emit({
  level: 'info',
  name: `test.${secret}`,
  fields: { plain: secret, [secret]: 1, deep: [{ text: `<${secret}>` }], error },
});
