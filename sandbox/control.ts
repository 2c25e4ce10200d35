// The sandbox's own routes, `/_ledger` to `/_reset`: look at what the vendors saw, ask for faults, start over.
import { BreakwaterError } from '../src/kernel/index.ts';
import { dispatch, type Route, route } from './router.ts';
import type { Answer, VendorRequest } from './vendor.ts';
import type { World } from './world.ts';

export interface ControlDesk {
  readonly world: () => World;
  readonly reset: () => void;
}

export function handleControl(desk: ControlDesk, request: VendorRequest): Answer {
  const routes = controlRoutes(desk);
  return dispatch(routes, request) ?? notFound(routes, request);
}

function controlRoutes({ world, reset }: ControlDesk): Route[] {
  return [
    route('GET', '/', () => ok({ vendors: [...world().doubles.keys()] })),
    route('GET', '/_ledger', ({ query }) => ok(world().entries(query.get('vendor') ?? undefined))),
    route('GET', '/_calls', ({ query }) => ok(world().calls.list(query.get('vendor') ?? undefined))),
    route('GET', '/_faults', () => ok(world().faults.list())),
    route('POST', '/_faults', ({ body }) => addFault(world(), body)),
    route('DELETE', '/_faults', () => done(() => world().faults.clear())),
    route('POST', '/_reset', () => done(reset)),
  ];
}

function addFault(world: World, input: unknown): Answer {
  try {
    return { status: 201, body: world.faults.add(input) };
  } catch (error) {
    if (error instanceof BreakwaterError) return { status: error.status, body: { error: error.message } };
    throw error;
  }
}

function notFound(routes: readonly Route[], { method, path }: VendorRequest): Answer {
  const known = routes.map((each) => `${each.method} ${each.pattern.join('/')}`).join(', ');
  return {
    status: 404,
    body: { error: `No ${method} ${path} here: the sandbox has ${known}, and its vendors below their names` },
  };
}

function ok(body: unknown): Answer {
  return { status: 200, body };
}

function done(act: () => void): Answer {
  act();
  return { status: 204 };
}
