// Refuses what answers differently when a workflow is replayed: clocks, chance, the network, timers, the environment.
import { reportWorkflowCode } from './workflow-code.js';

const TIME = 'use `await saga.now()`, which is recorded';
const ID = 'use `saga.uuid(name)`, which is the same in every replay';
const CHANCE = 'use `saga.random(name)`, which is the same in every replay';
const NETWORK = 'act through a tool with `saga.run`, or read inside `saga.note`';
const TIMER =
  'a wait in memory is lost with the process: use `saga.sleep` or `saga.until`, which are recorded; retries wait by themselves';
const ENVIRONMENT = 'take it from the input, or read it inside `saga.note`';

/** By the dotted name of what is called. */
const CALLS = new Map([
  ['Date', TIME],
  ['Date.now', TIME],
  ['performance.now', TIME],
  ['process.hrtime', TIME],
  ['process.hrtime.bigint', TIME],
  ['Math.random', CHANCE],
  ['crypto.getRandomValues', CHANCE],
  ['crypto.randomBytes', CHANCE],
  ['crypto.randomInt', CHANCE],
  ['randomBytes', CHANCE],
  ['randomInt', CHANCE],
  ['crypto.randomUUID', ID],
  ['randomUUID', ID],
  ['fetch', NETWORK],
  ['setTimeout', TIMER],
  ['setInterval', TIMER],
  ['setImmediate', TIMER],
]);

export const noNondeterminism = {
  meta: {
    type: 'problem',
    docs: { description: 'Refuses clocks, chance, the network, timers and the environment in workflow code' },
    schema: [],
  },
  create(context) {
    return reportWorkflowCode(context, (found) => ({
      CallExpression(node) {
        const name = dottedName(node.callee);
        const remedy = CALLS.get(name);
        if (remedy && !isOwn(context, rootOf(node.callee))) found(node, problem(`${name}()`, remedy));
      },
      NewExpression(node) {
        const isNow = node.callee.name === 'Date' && node.arguments.length === 0;
        if (isNow && !isOwn(context, node.callee)) found(node, problem('new Date()', TIME));
      },
      MemberExpression(node) {
        if (dottedName(node) === 'process.env' && !isOwn(context, rootOf(node))) {
          found(node, problem('process.env', ENVIRONMENT));
        }
      },
    }));
  },
};

function problem(name, remedy) {
  return `A workflow is replayed, and \`${name}\` answers differently then: ${remedy}.`;
}

/** `Math.random` of that expression and of `globalThis.Math.random`; undefined for what is no plain name. */
function dottedName(node) {
  if (node.type === 'Identifier') return node.name;
  if (node.type !== 'MemberExpression' || node.computed) return undefined;
  const object = dottedName(node.object);
  return object === 'globalThis' ? node.property.name : object && `${object}.${node.property.name}`;
}

function rootOf(node) {
  return node.type === 'MemberExpression' ? rootOf(node.object) : node;
}

/** A name that the file itself gives to something; what it imports keeps its meaning. */
function isOwn(context, identifier) {
  for (let scope = context.sourceCode.getScope(identifier); scope; scope = scope.upper) {
    const variable = scope.set.get(identifier.name);
    if (variable) return variable.defs.some(({ type }) => type !== 'ImportBinding');
  }
  return false;
}
