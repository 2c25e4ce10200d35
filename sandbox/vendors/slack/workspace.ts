// The workspace behind Slack's methods: its channels with their messages, its files, the clock that names messages.
import type { JsonObject } from '../../../src/kernel/index.ts';
import type { EntryHold } from '../../ledger.ts';
import type { Surroundings } from '../../vendor.ts';
import { refuse } from './refusals.ts';

export const BOT = { user: 'U01BREAKWATR', bot: 'B01BREAKWATR', team: 'T01ACMETEAM1' } as const;

export interface Channel {
  readonly id: string;
  readonly name: string;
}

const CHANNELS: readonly Channel[] = [
  { id: 'C01GENERAL01', name: 'general' },
  { id: 'C01MARKETING', name: 'marketing' },
  { id: 'C01MKTREVIEW', name: 'marketing-reviews' },
];

export interface Message {
  readonly ts: string;
  readonly channel: string;
  readonly text: string;
  readonly blocks?: readonly JsonObject[];
  readonly metadata?: JsonObject;
  /** The file that this message shares. */
  readonly file?: string;
}

export interface StoredFile {
  readonly id: string;
  readonly name: string;
  readonly title: string;
  readonly created: number;
  readonly channel: string | undefined;
  readonly bytes: Buffer;
}

/** A place for the bytes of a file that is not one yet. */
export interface Upload {
  readonly id: string;
  readonly name: string;
  readonly length: number;
  bytes?: Buffer;
}

export interface Workspace extends Surroundings {
  readonly channels: readonly Channel[];
  /** By channel and ts. */
  readonly messages: Map<string, Message>;
  readonly files: Map<string, StoredFile>;
  readonly uploads: Map<string, Upload>;
  readonly holds: Map<string, EntryHold>;
  /** A time in microseconds that no message has had. */
  nextTs(): string;
}

export function openWorkspace(surroundings: Surroundings): Workspace {
  for (const { id, name } of CHANNELS) surroundings.ledger.fixture(id, { type: 'channel', name });
  let lastMicros = 0;
  return {
    ...surroundings,
    channels: CHANNELS,
    messages: new Map(),
    files: new Map(),
    uploads: new Map(),
    holds: new Map(),
    nextTs() {
      lastMicros = Math.max(lastMicros + 1, Math.floor(surroundings.clock.now()) * 1_000);
      const digits = String(lastMicros).padStart(16, '0');
      return `${digits.slice(0, -6)}.${digits.slice(-6)}`;
    },
  };
}

export const messageKey = (channel: string, ts: string) => `${channel}/${ts}`;

export function channelById({ channels }: Workspace, id: string): Channel {
  return channels.find((channel) => channel.id === id) ?? refuse('channel_not_found');
}

/** Posting takes a name too, with or without `#`. */
export function channelByIdOrName({ channels }: Workspace, given: string): Channel {
  const name = given.replace(/^#/, '');
  return channels.find((channel) => channel.id === given || channel.name === name) ?? refuse('channel_not_found');
}

/** The messages of a channel, newest first. */
export function messagesIn({ messages }: Workspace, channel: string): Message[] {
  const own = [...messages.values()].filter((message) => message.channel === channel);
  return own.toSorted((a, b) => Number(b.ts.replace('.', '')) - Number(a.ts.replace('.', '')));
}
