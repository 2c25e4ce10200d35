// Refuses a catch that keeps what it must pass on: only a FailureError is an outcome, everything else belongs to the engine.
import { isFunction, methodOf, reportWorkflowCode } from './workflow-code.js';

const REMEDY =
  'begin with `if (!(error instanceof FailureError)) throw error;`. Everything else that a durable call throws says that ' +
  'this process must let the run go; and an act that may fail takes `optional: true`';
const CATCH = `This catch keeps errors that are no outcome: ${REMEDY}.`;
const SETTLED = 'it keeps errors that are no outcome: await the calls, or give the acts `optional: true`';

export const noBareCatch = {
  meta: {
    type: 'problem',
    docs: { description: 'Refuses a catch around durable calls that does not pass on what is no FailureError' },
    schema: [],
  },
  create(context) {
    return reportWorkflowCode(context, (found) => ({
      // Workflow code awaits nothing but durable calls; what is not awaited within the block is not caught here.
      CatchClause(node) {
        if (awaits(node.parent.block) && !passesOn(node.body, node.param)) found(node, CATCH);
      },
      CallExpression(node) {
        const handler = rejectionHandler(node);
        if (handler && !isPassingFunction(handler)) found(node, CATCH);
        const method = node.callee.object?.name === 'Promise' ? methodOf(node) : undefined;
        if (method === 'allSettled' || method === 'any') found(node, `\`Promise.${method}\` is a catch: ${SETTLED}.`);
      },
    }));
  },
};

/** The function that a promise's rejection goes to. */
function rejectionHandler(call) {
  const method = methodOf(call);
  if (method === 'catch') return call.arguments[0];
  return method === 'then' ? call.arguments[1] : undefined;
}

function isPassingFunction(node) {
  return isFunction(node) && node.body.type === 'BlockStatement' && passesOn(node.body, node.params[0]);
}

function passesOn(block, parameter) {
  return parameter?.type === 'Identifier' && endsInThrow(block.body, parameter.name);
}

// Does every error that is no FailureError leave these statements as it came?
function endsInThrow(statements, error) {
  for (const statement of statements) {
    if (statement.type === 'ThrowStatement') return isName(statement.argument, error);
    if (statement.type === 'BlockStatement' && endsInThrow(statement.body, error)) return true;
    if (statement.type === 'IfStatement') {
      const verdict = branchVerdict(statement, error);
      if (verdict !== undefined) return verdict;
    } else if (leaves(statement)) return false;
  }
  return false;
}

// True or false once the `if` decides; undefined when the errors in question go on behind it.
function branchVerdict({ test, consequent, alternate }, error) {
  if (holdsForOthers(test, error)) return endsInThrow(statementsOf(consequent), error);
  if (holdsForFailuresOnly(test, error)) {
    if (!alternate) return undefined;
    return endsInThrow(statementsOf(alternate), error) || (leaves(alternate) ? false : undefined);
  }
  if (alternate && [consequent, alternate].every((each) => endsInThrow(statementsOf(each), error))) return true;
  return leaves(consequent) || (alternate && leaves(alternate)) ? false : undefined;
}

function statementsOf(statement) {
  return statement.type === 'BlockStatement' ? statement.body : [statement];
}

/** `!(error instanceof FailureError)`, alone or with `||` beside it. */
function holdsForOthers(test, error) {
  if (test.type === 'LogicalExpression' && test.operator === '||') {
    return holdsForOthers(test.left, error) || holdsForOthers(test.right, error);
  }
  return test.type === 'UnaryExpression' && test.operator === '!' && isFailureTest(test.argument, error);
}

/** `error instanceof FailureError`, alone or with `&&` beside it. */
function holdsForFailuresOnly(test, error) {
  if (test.type === 'LogicalExpression' && test.operator === '&&') {
    return holdsForFailuresOnly(test.left, error) || holdsForFailuresOnly(test.right, error);
  }
  return isFailureTest(test, error);
}

function isFailureTest(test, error) {
  if (test.type !== 'BinaryExpression' || test.operator !== 'instanceof' || !isName(test.left, error)) return false;
  return isName(test.right, 'FailureError') || test.right.property?.name === 'FailureError';
}

function isName(node, name) {
  return node?.type === 'Identifier' && node.name === name;
}

const EXITS = new Set(['ReturnStatement', 'ThrowStatement', 'BreakStatement', 'ContinueStatement']);

// Anywhere within: a loop's own `break` counts too, to be on the safe side.
function leaves(node) {
  return some(node, ({ type }) => EXITS.has(type));
}

function awaits(node) {
  return some(node, (each) => each.type === 'AwaitExpression' || (each.type === 'ForOfStatement' && each.await));
}

// The node itself or anything in it, functions left out: they run at another time.
function some(node, test) {
  if (test(node)) return true;
  return childrenOf(node).some((child) => !isFunction(child) && some(child, test));
}

function childrenOf(node) {
  return Object.entries(node)
    .filter(([key]) => key !== 'parent')
    .flatMap(([, value]) => value)
    .filter((value) => typeof value === 'object' && value !== null && typeof value.type === 'string');
}
