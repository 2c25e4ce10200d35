// The page behind an approval link: the question, the texts that may be edited, two buttons. No scripts, nothing from elsewhere. Pure.
import { createHash } from 'node:crypto';
import type { Approval } from '../approvals/index.ts';
import { formatDuration, type Problem } from '../kernel/index.ts';
import type { EditField } from './edit-fields.ts';
import type { FormField } from './form-fields.ts';
import { Markup, markup } from './markup.ts';
import { stylesheet } from './approve-style.ts';

export interface AskPage {
  readonly approval: Approval;
  /** `user:<name>` or `role:<name>`: whom the link was made for. */
  readonly approver: string;
  readonly nowMs: number;
  readonly editFields: readonly EditField[];
  readonly formFields: readonly FormField[];
  /** What was typed before, when the answer could not be taken. */
  readonly typed: ReadonlyMap<string, string>;
  /** Which content the page shows. */
  readonly seen: string;
  readonly problems: readonly Problem[];
}

/** Exactly our one stylesheet may apply; the form may only be sent back to where it came from. */
export const PAGE_HEADERS = {
  'content-type': 'text/html; charset=utf-8',
  'content-security-policy': [
    "default-src 'none'",
    `style-src 'sha256-${createHash('sha256').update(stylesheet).digest('base64')}'`,
    "form-action 'self'",
    "frame-ancestors 'none'",
    "base-uri 'none'",
  ].join('; '),
  'referrer-policy': 'no-referrer',
  'cache-control': 'no-store',
  'x-robots-tag': 'noindex',
} as const;

/** The open question. */
export function askPage(page: AskPage): string {
  const { approval } = page;
  return document(
    approval.title,
    markup`<p class="kicker">Approval requested</p>
      <h1>${approval.title}</h1>
      ${facts(page)} ${problemList(page.problems)}
      ${approval.body === null ? undefined : markup`<div class="body">${approval.body}</div>`}
      <form method="post" autocomplete="off">
        <input type="hidden" name="seen" value="${page.seen}">
        ${editSection(page)} ${formSection(page)}
        <label class="field">
          <span>Reason <small>optional, kept with the decision</small></span>
          <textarea name="reason" rows="2" maxlength="4000">${'\n'}${page.typed.get('reason')}</textarea>
        </label>
        <div class="actions">
          <button class="approve" name="decision" value="approve">Approve</button>
          ${page.editFields.length > 0 ? reviewButton : undefined}
          ${mayGoBack(approval) ? changesButton : undefined}
          <button class="reject" name="decision" value="reject" formnovalidate>Reject</button>
        </div>
      </form>`,
  );
}

const reviewButton = markup`<button class="plain" name="decision" value="review" formnovalidate>Review changes</button>`;
const changesButton = markup`<button class="plain" name="decision" value="request_changes" formnovalidate>Request changes</button>`;

function mayGoBack({ changes }: Approval): boolean {
  return changes !== null && (changes.max === null || changes.made < changes.max);
}

/** Everything else the link can come to: decided, too late, not valid. */
export function messagePage(tone: 'good' | 'plain' | 'bad', title: string, text: string): string {
  return document(title, markup`<p class="kicker ${tone}">Approval</p><h1>${title}</h1><p class="body">${text}</p>`);
}

/** A whole page. */
export function document(title: string, main: Markup): string {
  return markup`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${title} · Breakwater</title>
<style>${new Markup(stylesheet)}</style>
</head>
<body><main>${main}</main></body>
</html>
`.text;
}

function facts({ approval, approver, nowMs }: AskPage): Markup {
  const left = formatDuration(Math.max(0, approval.deadlineMs - nowMs));
  return markup`<dl>
    <div><dt>Asked by</dt><dd>${approval.requester}</dd></div>
    <div><dt>You answer as</dt><dd>${approver.replace(/^(user|role):/, '')}</dd></div>
    <div><dt>Decide within</dt><dd>${left} <small>until ${inUtc(approval.deadlineMs)}</small></dd></div>
    <div><dt>If nobody does</dt><dd>${IF_NOBODY[approval.onTimeout]}</dd></div>
    ${approval.quorum > 1 ? quorumFact(approval) : undefined}
    <div class="wide"><dt>Run</dt><dd><code>${approval.runId}</code> · ${approval.node}</dd></div>
  </dl>`;
}

const IF_NOBODY: Readonly<Record<Approval['onTimeout'], string>> = {
  approve: 'it is approved',
  reject: 'it is rejected',
  ask: 'an operator decides',
};

function quorumFact({ approvals, quorum }: Approval): Markup {
  return markup`<div><dt>Approvals needed</dt><dd>${quorum} <small>${approvals} so far</small></dd></div>`;
}

export function problemList(problems: readonly Problem[]): Markup | undefined {
  if (problems.length === 0) return undefined;
  const items = problems.map(({ path, message }) => markup`<li>${path && `${path}: `}${message}</li>`);
  return markup`<div class="problems" role="alert"><strong>This could not be taken as it is.</strong><ul>${items}</ul></div>`;
}

function editSection({ editFields, typed }: AskPage): Markup | undefined {
  if (editFields.length === 0) return undefined;
  const fields = editFields.map((field) => {
    const value = typed.get(field.name) ?? field.value;
    const hint = field.kind === 'lines' ? markup` <small>one a line</small>` : undefined;
    // A textarea swallows the first line break of its content: this one is not the text's own.
    return markup`<label class="field"><span>${field.label}${hint}</span>
      <textarea name="${field.name}" rows="${rowsFor(value)}">${'\n'}${value}</textarea></label>`;
  });
  return markup`<fieldset><legend>Content <small>edit what should go out differently</small></legend>${fields}</fieldset>`;
}

function formSection({ formFields, typed }: AskPage): Markup | undefined {
  if (formFields.length === 0) return undefined;
  return markup`<fieldset><legend>Please fill in</legend>${formFields.map((field) => formInput(field, typed.get(field.name)))}</fieldset>`;
}

function formInput(field: FormField, value: string | undefined): Markup {
  const required = field.required ? markup` required` : undefined;
  const hint = field.hint === undefined ? undefined : markup` <small>${field.hint}</small>`;
  switch (field.kind) {
    case 'checkbox': {
      const checked = value === undefined ? undefined : markup` checked`;
      return markup`<label class="check"><input type="checkbox" name="${field.name}"${checked}>
        <span>${field.label}${hint}</span></label>`;
    }
    case 'choice':
      return markup`<label class="field"><span>${field.label}${hint}</span>
        <select name="${field.name}"${required}><option value=""></option>${options(field.choices, value)}</select></label>`;
    case 'number':
      return markup`<label class="field"><span>${field.label}${hint}</span>
        <input type="number" step="any" name="${field.name}" value="${value}"${required}></label>`;
    case 'text':
      return markup`<label class="field"><span>${field.label}${hint}</span>
        <input type="text" name="${field.name}" value="${value}"${required}></label>`;
  }
}

function options(choices: readonly string[], chosen: string | undefined): Markup[] {
  return choices.map(
    (choice) => markup`<option${choice === chosen ? markup` selected` : undefined}>${choice}</option>`,
  );
}

function rowsFor(text: string): number {
  const lines = text.split('\n').reduce((sum, line) => sum + Math.max(1, Math.ceil(line.length / 70)), 0);
  return Math.min(Math.max(lines, 1), 12);
}

function inUtc(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 16).replace('T', ' ')} UTC`;
}
