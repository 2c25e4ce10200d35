// Buffer's GraphQL API: one address, documents checked against its schema. It honours no idempotency key.
import { graphqlSync } from 'graphql';
import { z } from 'zod';
import type { Answer, Double, Surroundings, Vendor, VendorRequest } from '../../vendor.ts';
import { ACCOUNT, CHANNELS, ORGANIZATION, recordAccount } from './account.ts';
import { createPost, deletePost, findPost, listPosts, type Queue, sendDue } from './posts.ts';
import { notFound, refusal, unauthorized, withCode } from './refusals.ts';
import { schema } from './schema.ts';

export const buffer: Vendor = { name: 'buffer', open: openBuffer };

function openBuffer(surroundings: Surroundings): Double {
  const queue: Queue = { ...surroundings, posts: new Map(), holds: new Map() };
  recordAccount(surroundings);
  const fields = fieldsOf(queue);
  return { handle: (request) => answer(fields, request), refuse: refusal, settle: () => sendDue(queue) };
}

interface ById {
  readonly input: { readonly id: string };
}

function fieldsOf(queue: Queue) {
  return {
    account: () => ACCOUNT,
    channel: ({ input }: ById) => CHANNELS.find(({ id }) => id === input.id) ?? notFound('Channel'),
    channels: ({ input }: { input: { organizationId: string; filter?: { isLocked?: boolean | null } | null } }) => {
      if (input.organizationId !== ORGANIZATION.id) return notFound('Organization');
      const locked = input.filter?.isLocked ?? undefined;
      return CHANNELS.filter(({ isLocked }) => locked === undefined || isLocked === locked);
    },
    post: ({ input }: ById) => findPost(queue, input.id),
    posts: (given: unknown) => listPosts(queue, given),
    createPost: ({ input }: { input: unknown }) => createPost(queue, input),
    deletePost: ({ input }: ById) => deletePost(queue, input.id),
  };
}

const requestSchema = z.object({
  query: z.string(),
  variables: z.record(z.string(), z.unknown()).nullish(),
  operationName: z.string().nullish(),
});

function answer(fields: ReturnType<typeof fieldsOf>, { method, path, headers, body }: VendorRequest): Answer {
  if (path !== '/' && path !== '/graphql') return refusal(404);
  if (method !== 'POST') return refusal(405);
  if (!/^bearer +\S/i.test(headers.authorization ?? '')) return unauthorized;
  const asked = requestSchema.safeParse(body);
  if (!asked.success) return refusal(400, 'The body must hold a query');
  const { query: source, variables: variableValues, operationName } = asked.data;
  const { data, errors } = graphqlSync({ schema, source, rootValue: fields, variableValues, operationName });
  return { status: 200, body: { data: data ?? null, ...(errors && { errors: errors.map(withCode) }) } };
}
