// The one stylesheet of the approval page: readable at phone and desk width, by day and by night.

export const stylesheet = `
:root { color-scheme: light dark; --ink: #16202b; --soft: #5a6775; --line: #d9e0e7; --paper: #ffffff; --back: #eef2f6; --field: #f8fafc;
  --accent: #0b6e6e; --good: #12724a; --bad: #b3261e; --bad-soft: #fdeceb; --good-soft: #dff3e8; --good-ink: #0b4f33; --bad-ink: #8c1d18; }
@media (prefers-color-scheme: dark) { :root { --ink: #e7edf3; --soft: #9aa8b6; --line: #2c3947; --paper: #17212c; --back: #0e151d;
  --field: #111a24; --accent: #4fc3bf; --good: #2f9e6b; --bad: #ff8a80; --bad-soft: #3a1d1c;
  --good-soft: #12382a; --good-ink: #a5e3c4; --bad-ink: #ffb4ab; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--back); color: var(--ink); font: 16px/1.55 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; }
main { max-width: 44rem; margin: 3rem auto; padding: 2.25rem 2.5rem 2.5rem; background: var(--paper); border: 1px solid var(--line);
  border-top: 4px solid var(--accent); border-radius: 10px; }
.kicker { margin: 0; color: var(--accent); font-size: .8125rem; font-weight: 650; letter-spacing: .06em; text-transform: uppercase; }
.kicker.good { color: var(--good); } .kicker.bad { color: var(--bad); }
h1 { margin: .25rem 0 1.25rem; font-size: 1.625rem; line-height: 1.25; overflow-wrap: anywhere; }
dl { display: grid; grid-template-columns: 1fr 1fr; gap: .9rem 2rem; margin: 0 0 1.5rem; padding: 1.1rem 0; border: solid var(--line); border-width: 1px 0; }
dl .wide { grid-column: 1 / -1; }
dt { color: var(--soft); font-size: .8125rem; } dd { margin: 0; overflow-wrap: anywhere; }
small { color: var(--soft); font-size: .8125rem; font-weight: 400; }
code { font: .875em ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; }
.body { margin: 0 0 1.5rem; white-space: pre-wrap; overflow-wrap: anywhere; }
fieldset { margin: 0 0 1.5rem; padding: 0; border: 0; min-width: 0; }
legend { padding: 0; margin-bottom: .6rem; font-size: 1.0625rem; font-weight: 650; }
.field { display: block; margin-bottom: 1rem; } .field > span { display: block; margin-bottom: .3rem; font-size: .9375rem; font-weight: 500; }
textarea, input[type=text], input[type=number], select { width: 100%; padding: .6rem .75rem; color: inherit; background: var(--field);
  border: 1px solid var(--line); border-radius: 6px; font: inherit; }
textarea { display: block; resize: vertical; field-sizing: content; min-height: 2.8rem; max-height: 28rem; }
.check { display: flex; gap: .6rem; align-items: baseline; margin-bottom: 1rem; }
:is(textarea, input, select, button):focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
.actions { display: flex; flex-wrap: wrap; gap: .75rem; margin-top: 1.5rem; }
button { flex: 1 1 8rem; padding: .8rem 1.25rem; border: 1px solid transparent; border-radius: 6px; font: inherit; font-weight: 650; cursor: pointer; }
.approve { background: #12724a; color: #ffffff; } .approve:hover { background: #0d5c3b; }
.reject { background: transparent; border-color: var(--bad); color: var(--bad); } .reject:hover { background: var(--bad-soft); }
.plain { background: transparent; border-color: var(--line); color: inherit; } .plain:hover { background: var(--field); }
.lead { margin: 0 0 1.25rem; }
.change { margin: 0 0 1.25rem; } h2 { margin: 0 0 .4rem; font-size: .9375rem; font-weight: 650; }
.diff { padding: .7rem .85rem; background: var(--field); border: 1px solid var(--line); border-radius: 6px; white-space: pre-wrap; overflow-wrap: anywhere; }
ins { background: var(--good-soft); color: var(--good-ink); text-decoration: underline; text-underline-offset: 3px; border-radius: 3px; }
del { background: var(--bad-soft); color: var(--bad-ink); border-radius: 3px; }
.problems { margin: 0 0 1.5rem; padding: .9rem 1.1rem; background: var(--bad-soft); border-left: 4px solid var(--bad); border-radius: 4px; }
.problems ul { margin: .3rem 0 0; padding-left: 1.2rem; }
@media (max-width: 40rem) { main { margin: 0; padding: 1.5rem 1.25rem 2rem; border-width: 4px 0 0; border-radius: 0; min-height: 100vh; }
  h1 { font-size: 1.375rem; } dl { gap: .8rem 1rem; } }
`;
