// What an approver changed, as a page to look at before it is approved: what was, what will be, and nothing typed is lost. Pure.
import { canonicalJson, sha256, type Json, type JsonObject } from '../kernel/index.ts';
import { document, problemList, type AskPage } from './approve-page.ts';
import { editedTexts } from './edit-fields.ts';
import { markup, type Markup } from './markup.ts';
import { diffTexts, type DiffPart } from './text-diff.ts';

export interface ChangedPage extends AskPage {
  readonly outputs: ReadonlyMap<string, Json>;
  readonly edits: JsonObject;
}

/** What the content is. Another text: somebody has edited it. */
export function stateOf(outputs: ReadonlyMap<string, Json>): string {
  return sha256(canonicalJson(Object.fromEntries(outputs))).slice(0, 16);
}

/** Which changes to which content were looked at. */
export function reviewOf(outputs: ReadonlyMap<string, Json>, edits: JsonObject): string {
  return sha256(`${stateOf(outputs)}\n${canonicalJson(edits)}`).slice(0, 16);
}

export function changesPage(page: ChangedPage): string {
  const { approval, outputs, edits, typed, editFields } = page;
  const changed = editedTexts(editFields, typed);
  const kept = [...typed].filter(([name]) => !['decision', 'seen', 'reviewed'].includes(name));
  return document(
    approval.title,
    markup`<p class="kicker">Your changes</p>
      <h1>${approval.title}</h1>
      ${problemList(page.problems)}
      <p class="lead">This is what goes out differently if you approve: ${changed.length === 1 ? 'one text' : `${changed.length} texts`}.</p>
      ${changed.map(({ label, before, after }) => changedText(label, diffTexts(before, after)))}
      <form method="post" autocomplete="off">
        ${[...kept, ['seen', page.seen] as const, ['reviewed', reviewOf(outputs, edits)] as const].map(hidden)}
        <div class="actions">
          <button class="approve" name="decision" value="approve">Approve</button>
          <button class="plain" name="decision" value="edit">Keep editing</button>
          <button class="reject" name="decision" value="reject">Reject</button>
        </div>
      </form>`,
  );
}

function changedText(label: string, parts: readonly DiffPart[]): Markup {
  return markup`<section class="change"><h2>${label}</h2><div class="diff">${parts.map(partOf)}</div></section>`;
}

function partOf({ kind, text }: DiffPart): Markup {
  if (kind === 'removed') return markup`<del>${text}</del>`;
  return kind === 'added' ? markup`<ins>${text}</ins>` : markup`${text}`;
}

function hidden([name, value]: readonly [string, string]): Markup {
  return markup`<input type="hidden" name="${name}" value="${value}">`;
}
