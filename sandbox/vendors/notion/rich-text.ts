// Notion's text: a list of pieces, each with what it says. Pure.
import { z } from 'zod';

const MAX_LENGTH = 2_000;

const pieceSchema = z.object({
  type: z.literal('text').optional(),
  text: z.object({
    content: z.string().max(MAX_LENGTH),
    link: z.object({ url: z.url() }).nullish(),
  }),
});

export interface Piece {
  readonly type: 'text';
  readonly text: { readonly content: string; readonly link: { readonly url: string } | null };
  readonly annotations: Readonly<Record<string, boolean | string>>;
  readonly plain_text: string;
  readonly href: string | null;
}
export type RichText = readonly Piece[];

/** As it is sent; parsed, as it is answered. */
export const richTextSchema = z
  .array(pieceSchema)
  .max(100)
  .transform((pieces): RichText => pieces.map(({ text }) => pieceOf(text.content, text.link?.url ?? null)));

export function richTextOf(text: string): RichText {
  return text === '' ? [] : [pieceOf(text, null)];
}

export function plainText(text: RichText): string {
  return text.map(({ plain_text }) => plain_text).join('');
}

function pieceOf(content: string, href: string | null): Piece {
  const plain = { bold: false, italic: false, strikethrough: false, underline: false, code: false, color: 'default' };
  const link = href === null ? null : { url: href };
  return { type: 'text', text: { content, link }, annotations: plain, plain_text: content, href };
}
