// The page behind an approval link: the question, the texts that may be edited, two buttons. No scripts, nothing from elsewhere. Pure.
import { createHash } from 'node:crypto';
import type { Approval } from '../approvals/index.ts';
import { formatDuration, type Problem } from '../kernel/index.ts';
import type { EditField } from './edit-fields.ts';
import type { FormField } from './form-fields.ts';
import { Html, html } from './html.ts';
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
    html`<p class="kicker">Approval requested</p>
      <h1>${approval.title}</h1>
      ${facts(page)} ${problemList(page.problems)}
      ${approval.body === null ? undefined : html`<div class="body">${approval.body}</div>`}
      <form method="post" autocomplete="off">
        ${editSection(page)} ${formSection(page)}
        <label class="field">
          <span>Reason <small>optional, kept with the decision</small></span>
          <textarea name="reason" rows="2" maxlength="4000">${page.typed.get('reason')}</textarea>
        </label>
        <div class="actions">
          <button class="approve" name="decision" value="approve">Approve</button>
          <button class="reject" name="decision" value="reject" formnovalidate>Reject</button>
        </div>
      </form>`,
  );
}

/** Everything else the link can come to: decided, too late, not valid. */
export function messagePage(tone: 'good' | 'plain' | 'bad', title: string, text: string): string {
  return document(title, html`<p class="kicker ${tone}">Approval</p><h1>${title}</h1><p class="body">${text}</p>`);
}

function document(title: string, main: Html): string {
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${title} · Breakwater</title>
<style>${new Html(stylesheet)}</style>
</head>
<body><main>${main}</main></body>
</html>
`.text;
}

function facts({ approval, approver, nowMs }: AskPage): Html {
  const left = formatDuration(Math.max(0, approval.deadlineMs - nowMs));
  return html`<dl>
    <div><dt>Asked by</dt><dd>${approval.requester}</dd></div>
    <div><dt>You answer as</dt><dd>${approver.replace(/^(user|role):/, '')}</dd></div>
    <div><dt>Decide within</dt><dd>${left} <small>until ${inUtc(approval.deadlineMs)}</small></dd></div>
    <div><dt>If nobody does</dt><dd>it is ${approval.onTimeout === 'approve' ? 'approved' : 'rejected'}</dd></div>
    <div class="wide"><dt>Run</dt><dd><code>${approval.runId}</code> · ${approval.node}</dd></div>
  </dl>`;
}

function problemList(problems: readonly Problem[]): Html | undefined {
  if (problems.length === 0) return undefined;
  const items = problems.map(({ path, message }) => html`<li>${path && `${path}: `}${message}</li>`);
  return html`<div class="problems" role="alert"><strong>This could not be taken as it is.</strong><ul>${items}</ul></div>`;
}

function editSection({ editFields, typed }: AskPage): Html | undefined {
  if (editFields.length === 0) return undefined;
  const fields = editFields.map((field) => {
    const value = typed.get(field.name) ?? field.value;
    return html`<label class="field"><span>${field.label}${field.kind === 'lines' ? html` <small>one a line</small>` : undefined}</span>
      <textarea name="${field.name}" rows="${rowsFor(value)}">
${value}</textarea></label>`;
  });
  return html`<fieldset><legend>Content <small>edit what should go out differently</small></legend>${fields}</fieldset>`;
}

function formSection({ formFields, typed }: AskPage): Html | undefined {
  if (formFields.length === 0) return undefined;
  return html`<fieldset><legend>Please fill in</legend>${formFields.map((field) => formInput(field, typed.get(field.name)))}</fieldset>`;
}

function formInput(field: FormField, value: string | undefined): Html {
  const required = field.required ? html` required` : undefined;
  const hint = field.hint === undefined ? undefined : html` <small>${field.hint}</small>`;
  switch (field.kind) {
    case 'checkbox':
      return html`<label class="check"><input type="checkbox" name="${field.name}"${value === undefined ? undefined : html` checked`}><span>${field.label}${hint}</span></label>`;
    case 'choice':
      return html`<label class="field"><span>${field.label}${hint}</span><select name="${field.name}"${required}><option value=""></option>${field.choices.map(
        (choice) => html`<option${choice === value ? html` selected` : undefined}>${choice}</option>`,
      )}</select></label>`;
    case 'number':
    case 'text':
      return html`<label class="field"><span>${field.label}${hint}</span><input type="${field.kind}" name="${field.name}" value="${value}"${field.kind === 'number' ? html` step="any"` : undefined}${required}></label>`;
  }
}

function rowsFor(text: string): number {
  const lines = text.split('\n').reduce((sum, line) => sum + Math.max(1, Math.ceil(line.length / 70)), 0);
  return Math.min(Math.max(lines, 1), 12);
}

function inUtc(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 16).replace('T', ' ')} UTC`;
}
