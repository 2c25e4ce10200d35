// The vendors' own descriptions of themselves, where they lie beside the project: OpenAPI documents and a GraphQL schema.
import { existsSync, readFileSync } from 'node:fs';
import { buildSchema, graphqlSync, type GraphQLSchema } from 'graphql';
import { z } from 'zod';
import { contractsFolder, loadContract } from '../sandbox/vendor-contract.ts';
import type { Description } from './contract.ts';
import type { WireRequest } from './traffic.ts';

export interface OpenApiOptions {
  readonly apiRoot?: string;
  /** The path as the description's router wants it. */
  readonly routed?: (path: string) => string;
  /** Where the description falls behind the vendor's reference: faults it finds that are none, each with a reason beside it. */
  readonly lapses?: readonly RegExp[];
  /** A refusal comes with status 200 too, so that an answer of 200 may be any of those described, and of others it says nothing. */
  readonly refusesWith200?: true;
}

const loaded = new Map<string, Promise<Description>>();

/** An OpenAPI document; undefined when there is no such file. */
export function openApi(file: string, options: OpenApiOptions = {}): Promise<Description | undefined> {
  return loadOnce(file, () => loadOpenApi(file, options));
}

/** A vendor that describes itself in several documents. */
export async function anyOf(...parts: readonly Promise<Description | undefined>[]): Promise<Description | undefined> {
  const known = (await Promise.all(parts)).filter((part) => part !== undefined);
  if (known.length === 0) return undefined;
  const of = (request: WireRequest) => known.find((part) => part.describes(request));
  return {
    describes: (request) => of(request) !== undefined,
    requestFaults: (request) => of(request)?.requestFaults(request) ?? [],
    answerFaults: (request, status, body) => of(request)?.answerFaults(request, status, body) ?? [],
  };
}

/** The schema of a GraphQL vendor; undefined when there is no such file. */
export function graphql(file: string): Promise<Description | undefined> {
  return loadOnce(file, () => Promise.resolve(loadGraphql(file)));
}

async function loadOnce(file: string, load: () => Promise<Description>): Promise<Description | undefined> {
  if (!existsSync(`${contractsFolder}/${file}`)) return undefined;
  const known = loaded.get(file) ?? load();
  loaded.set(file, known);
  return await known;
}

async function loadOpenApi(
  file: string,
  { apiRoot, routed = (path) => path, lapses = [], refusesWith200 }: OpenApiOptions,
): Promise<Description> {
  const contract = await loadContract(file, apiRoot);
  const operationOf = ({ method, path }: WireRequest) => contract.operationOf(method, routed(path));
  const faultsThatCount = (faults: readonly string[]) =>
    faults.filter((fault) => !lapses.some((lapse) => lapse.test(fault)));
  return {
    describes: (request) => operationOf(request) !== undefined,
    requestFaults({ method, path, query, body }) {
      const search = new URLSearchParams(query).toString();
      return faultsThatCount(contract.requestFaults(method, `${routed(path)}?${search}`, body));
    },
    answerFaults(request, status, body = null) {
      if (refusesWith200 && status !== 200) return [];
      const faults = contract.replyFaults(operationOf(request) ?? '', refusesWith200 ? undefined : status, body);
      return faultsThatCount(faults).map((fault) => `the answer ${status}: ${fault}`);
    },
  };
}

const graphqlBody = z.looseObject({ query: z.string(), variables: z.record(z.string(), z.unknown()).optional() });
const graphqlAnswer = z.object({ data: z.record(z.string(), z.unknown()).nullish() });

/** A GraphQL vendor has one address: every request to it is described, and every answer is one to the document asked. */
function loadGraphql(file: string): Description {
  const schema = buildSchema(readFileSync(`${contractsFolder}/${file}`, 'utf8'));
  return {
    describes: () => true,
    requestFaults: ({ body }) => documentFaults(schema, body),
    answerFaults: ({ body }, status, answer) => resultFaults(schema, body, status, answer),
  };
}

function documentFaults(schema: GraphQLSchema, body: unknown): string[] {
  const asked = graphqlBody.safeParse(body).data;
  if (!asked) return ['the body holds no document'];
  const { query: source, variables: variableValues } = asked;
  const { errors = [] } = graphqlSync({ schema, source, variableValues, rootValue: {} });
  // With a path they are about the data, of which there is none; without, about the document or its variables.
  return errors.filter(({ path }) => path === undefined).map(({ message }) => message);
}

// The vendor's schema executed over the data itself: whatever has another type than promised is an error.
function resultFaults(schema: GraphQLSchema, body: unknown, status: number, answer: unknown): string[] {
  const asked = graphqlBody.safeParse(body).data;
  const data = graphqlAnswer.safeParse(answer).data?.data;
  if (status !== 200 || !asked || !data) return [];
  const { query: source, variables: variableValues } = asked;
  const { errors = [] } = graphqlSync({ schema, source, variableValues, rootValue: data });
  return errors.map(({ message, path }) => `the answer at ${path?.join('.')}: ${message}`);
}
