// Figma's adapter against the double of its API.
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import type { JsonObject } from '../../src/kernel/index.ts';
import { figma } from '../../src/tools/figma.ts';
import { KEY, openSandboxWorld, type Call } from './sandbox-world.ts';

const file_key = 'harborBrand01';
const render: Call = { action: 'render_component', args: { file_key, component_name: 'email_banner' } };
const annotate: Call = { ...render, args: { ...render.args, note: 'Headline: It is spring' } };
const comment: Call = { action: 'post_comment', args: { file_key, message: 'Please review' } };
const MARK = `[bw:${KEY.slice(0, 12)}]`;

const openWorld = () => openSandboxWorld(figma);

describe('render_component', () => {
  it.each([
    ['png', 'image/png', [0x89, 0x50, 0x4e, 0x47]],
    ['jpg', 'image/jpeg', [0xff, 0xd8, 0xff, 0xdb]],
    ['svg', 'image/svg+xml', [...Buffer.from('<svg')]],
    ['pdf', 'application/pdf', [...Buffer.from('%PDF')]],
  ])('answers the address of a real %s', async (export_format, type, start) => {
    await using world = await openWorld();

    const made = await world.done({ ...render, args: { ...render.args, export_format, scale: 0.5 } });
    const image = await fetch(z.string().parse(made['url']));

    expect(made).toMatchObject({
      component: 'email_banner',
      format: export_format,
      node_id: '12:101',
      comment_id: null,
    });
    expect(image.headers.get('content-type')).toBe(type);
    expect([...Buffer.from(await image.arrayBuffer()).subarray(0, 4)]).toEqual(start);
  });

  it('changes nothing without a note, so there is nothing to undo', async () => {
    await using world = await openWorld();

    const result = await world.done(render);

    expect(await world.created()).toEqual([]);
    expect(await world.undo({ ...render, undoAction: 'delete_comment', result })).toBe('nothing to undo');
    expect(await world.undo({ ...render, undoAction: 'delete_comment' })).toBe('nothing to undo');
  });

  it('posts a note as a comment on the component', async () => {
    await using world = await openWorld();

    const { comment_id } = await world.done(annotate);

    expect(await world.standing()).toMatchObject([
      { kind: 'comment', id: comment_id, data: { node_id: '12:101', message: `Headline: It is spring ${MARK}` } },
    ]);
  });

  it('works on the file of FIGMA_FILE_KEY when none is named, and says what it lacks when neither is', async () => {
    const args: JsonObject = { component_name: 'blog_header', note: 'x' };
    await using world = await openSandboxWorld(figma, { FIGMA_FILE_KEY: file_key });
    await using without = await openWorld();

    await world.done({ ...render, args });
    const lacking = await without.call({ ...render, args });

    expect(await world.undo({ ...render, args, undoAction: 'delete_comment' })).toEqual({
      ok: true,
      value: { deleted: true },
    });
    expect(lacking).toMatchObject({
      error: { code: 'INVALID_ARGUMENTS', message: expect.stringContaining('FIGMA_FILE_KEY'), unknown: false },
    });
  });

  it('suggests the component that was meant', async () => {
    await using world = await openWorld();

    const outcome = await world.call({ ...annotate, args: { ...annotate.args, component_name: 'email_baner' } });

    expect(outcome).toMatchObject({
      error: { code: 'FIGMA_NO_COMPONENT', message: expect.stringContaining('did you mean "email_banner"?') },
    });
    expect(await world.created()).toEqual([]);
  });

  it('posts nothing when the image cannot be had', async () => {
    await using world = await openWorld();
    await world.fault({ match: { path: '/v1/images' }, fault: 'status', status: 400, times: 1 });

    const outcome = await world.call(annotate);

    expect(outcome).toMatchObject({ error: { code: 'FIGMA_400', retryable: false, unknown: false } });
    expect(await world.created()).toEqual([]);
  });

  it.each([annotate, comment])('makes one comment when the answer to $action is lost', async (act) => {
    await using world = await openWorld();
    await world.fault({ match: { method: 'POST' }, fault: 'reset_after_effect', times: 1 });

    const first = await world.call(act);
    const second = await world.call({ ...act, suspect: true });

    expect(first).toMatchObject({ ok: false, error: { code: 'FIGMA_NO_ANSWER', unknown: true } });
    const [posted] = await world.created();
    expect(second).toMatchObject({ ok: true, value: { comment_id: posted?.id } });
    expect(await world.created()).toHaveLength(1);
  });

  it('posts another comment under another key', async () => {
    await using world = await openWorld();

    await world.done(annotate);
    await world.done({ ...annotate, key: 'c3'.repeat(20), suspect: true });

    expect(await world.standing()).toHaveLength(2);
  });
});

describe('delete_comment', () => {
  it.each([annotate, comment])('undoes $action once or twice, known or unknown', async (act) => {
    await using world = await openWorld();
    const undone = { ...act, undoAction: 'delete_comment' };

    expect(await world.undo(undone)).toEqual({ ok: true, value: { deleted: false } });
    const result = await world.done(act);
    expect(await world.undo({ ...undone, result })).toEqual({ ok: true, value: { deleted: true } });
    expect(await world.undo({ ...undone, result })).toEqual({ ok: true, value: { deleted: false } });
    await world.done(act);
    expect(await world.undo(undone)).toEqual({ ok: true, value: { deleted: true } });
    expect(await world.standing()).toEqual([]);
  });

  it('asks for an id or a key', async () => {
    await using world = await openWorld();
    expect(await world.call({ action: 'delete_comment', args: { file_key } })).toMatchObject({
      error: { code: 'INVALID_ARGUMENTS', message: expect.stringContaining('needs comment_id or posted_by') },
    });
  });
});

describe('reading', () => {
  it('lists the components of a file', async () => {
    await using world = await openWorld();
    expect(await world.done({ action: 'list_components', args: { file_key } })).toMatchObject({
      components: [{ name: 'email_banner' }, { name: 'social_post_image' }, { name: 'blog_header' }],
    });
  });

  it("tells a file's name and version", async () => {
    await using world = await openWorld();
    expect(await world.done({ action: 'get_file_meta', args: { file_key } })).toMatchObject({
      name: 'Harbor brand templates',
      editor_type: 'figma',
      version: expect.any(String),
    });
  });

  it("says in Figma's words why a file cannot be read", async () => {
    await using world = await openWorld();
    await world.fault({ fault: 'status', status: 403, times: 1 });

    const forbidden = await world.call({ action: 'get_file_meta', args: { file_key } });
    const missing = await world.call({ action: 'list_components', args: { file_key: 'nowhere' } });

    expect(forbidden).toMatchObject({
      error: { code: 'FIGMA_403', message: expect.stringContaining('Invalid token'), retryable: false },
    });
    expect(missing).toMatchObject({
      error: { code: 'FIGMA_404', message: expect.stringContaining('File not found'), retryable: false },
    });
  });
});
