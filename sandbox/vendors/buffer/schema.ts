// The part of Buffer's GraphQL schema that the double answers, named and typed as Buffer does. https://developers.buffer.com/reference.html
import { buildSchema } from 'graphql';

export const schema = buildSchema(`
  scalar ChannelId
  scalar DateTime
  scalar OrganizationId
  scalar PostId
  scalar TagId

  type Query {
    account: Account!
    channel(input: ChannelInput!): Channel!
    channels(input: ChannelsInput!): [Channel!]!
    post(input: PostInput!): Post!
    posts(input: PostsInput!, first: Int, after: String): PostsResults!
  }

  type Mutation {
    createPost(input: CreatePostInput!): PostActionPayload!
    deletePost(input: DeletePostInput!): DeletePostPayload!
  }

  type Account { id: ID!, email: String!, name: String, organizations: [Organization!]! }
  type Organization { id: OrganizationId!, name: String!, channelCount: Int! }

  enum Service { bluesky, facebook, googlebusiness, instagram, linkedin, mastodon, pinterest, startPage, threads, tiktok, twitter, youtube }
  type Channel {
    id: ChannelId!
    name: String!
    displayName: String
    service: Service!
    organizationId: OrganizationId!
    isDisconnected: Boolean!
    isLocked: Boolean!
    timezone: String!
  }
  input ChannelInput { id: ChannelId! }
  input ChannelsInput { organizationId: OrganizationId!, filter: ChannelsFiltersInput }
  input ChannelsFiltersInput { isLocked: Boolean }

  enum PostStatus { draft, needs_approval, scheduled, sending, sent, error }
  enum PostVia { api, buffer, network }
  enum SchedulingType { automatic, notification }
  enum ShareMode { addToQueue, customScheduled, shareNext, shareNow }
  type Post {
    id: PostId!
    text: String!
    status: PostStatus!
    via: PostVia!
    schedulingType: SchedulingType
    isCustomScheduled: Boolean!
    createdAt: DateTime!
    updatedAt: DateTime!
    dueAt: DateTime
    sentAt: DateTime
    channelId: ChannelId!
    channelService: Service!
    channel: Channel!
  }
  input PostInput { id: PostId! }
  input PostsInput { organizationId: OrganizationId!, filter: PostsFiltersInput, sort: [PostSortInput!] }
  input PostsFiltersInput { channelIds: [ChannelId!], status: [PostStatus!], dueAt: DateTimeComparator, createdAt: DateTimeComparator }
  input DateTimeComparator { start: DateTime, end: DateTime }
  enum PostSortableKey { createdAt, dueAt }
  enum SortDirection { asc, desc }
  input PostSortInput { field: PostSortableKey!, direction: SortDirection! }
  type PostsResults { edges: [PostsEdge!], pageInfo: PaginationPageInfo! }
  type PostsEdge { node: Post!, cursor: String! }
  type PaginationPageInfo { startCursor: String, endCursor: String, hasPreviousPage: Boolean!, hasNextPage: Boolean! }

  input CreatePostInput {
    channelId: ChannelId!
    text: String
    schedulingType: SchedulingType!
    mode: ShareMode!
    dueAt: DateTime
    assets: [AssetInput!]! = []
    tagIds: [TagId!]
    source: String
    saveToDraft: Boolean
  }
  input AssetInput { image: ImageAssetInput, link: LinkAssetInput }
  input ImageAssetInput { url: String!, thumbnailUrl: String }
  input LinkAssetInput { url: String! }
  input DeletePostInput { id: PostId! }

  interface MutationError { message: String! }
  type InvalidInputError implements MutationError { message: String! }
  type LimitReachedError implements MutationError { message: String! }
  type NotFoundError implements MutationError { message: String! }
  type RestProxyError implements MutationError { message: String! }
  type UnauthorizedError implements MutationError { message: String! }
  type UnexpectedError implements MutationError { message: String! }
  type VoidMutationError implements MutationError { message: String! }
  type PostActionSuccess { post: Post! }
  type DeletePostSuccess { id: PostId! }
  union PostActionPayload = PostActionSuccess | NotFoundError | UnauthorizedError | UnexpectedError | RestProxyError | LimitReachedError | InvalidInputError
  union DeletePostPayload = DeletePostSuccess | VoidMutationError
`);
