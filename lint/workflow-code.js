// Which code of a file is replayed: all of it, but for the bodies that run once and are recorded.

/** Methods whose functions are recorded: `saga.note`, and DBOS's own steps. */
const RECORDING_METHODS = new Set(['note', 'runStep', 'registerStep']);

const FUNCTIONS = new Set(['FunctionDeclaration', 'FunctionExpression', 'ArrowFunctionExpression']);

export function isFunction(node) {
  return FUNCTIONS.has(node.type);
}

/** The name of a call's method: `note` of `saga.note(…)`. */
export function methodOf({ callee }) {
  return callee.type === 'MemberExpression' && !callee.computed ? callee.property.name : undefined;
}

function isRecording(call) {
  return RECORDING_METHODS.has(methodOf(call)) || isActionDefinition(call);
}

// What an action of a tool does is an activity.
function isActionDefinition({ callee }) {
  return callee.type === 'Identifier' && callee.name === 'defineAction';
}

/**
 * Reports, once the whole file is read, what a rule found outside of activity bodies: a function may be passed by name to
 * `saga.note` further down.
 */
export function reportWorkflowCode(context, listeners) {
  const found = [];
  const recorded = new Set();
  return {
    ...listeners((node, message) => found.push({ node, message })),
    'CallExpression:exit'(call) {
      if (!isRecording(call)) return;
      for (const argument of call.arguments) if (argument.type === 'Identifier') recorded.add(argument.name);
    },
    'Program:exit'() {
      for (const { node, message } of found) if (!isInActivity(node, recorded)) context.report({ node, message });
    },
  };
}

function isInActivity(node, recorded) {
  for (let inner = node, outer = node.parent; outer; inner = outer, outer = outer.parent) {
    if (outer.type === 'CallExpression' && inner !== outer.callee && isRecording(outer)) return true;
    if (isFunction(outer) && recorded.has(nameOf(outer))) return true;
  }
  return false;
}

// `function read() {}` and `const read = () => {}`.
function nameOf(node) {
  return node.id?.name ?? (node.parent?.type === 'VariableDeclarator' ? node.parent.id.name : undefined);
}
