import { beforeAll, describe, expect, it } from 'vitest';
import { HUB_ID, LIBRARY } from '../../sandbox/vendors/notion/fixtures.ts';
import { openSandbox, type TestSandbox } from './open-sandbox.ts';
import { contractsNote, contractsPresent, loadContract, type VendorContract } from './vendor-contract.ts';

/** A function that sends a request and holds both it and the answer against the vendor's description. */
function replyIn(sandbox: TestSandbox, contract: VendorContract, vendor: string, headers?: Record<string, string>) {
  return async <T = unknown>(operation: string, method: string, path: string, status: number, body?: unknown) => {
    const reply = await sandbox.call<T>(method, `/${vendor}${path}`, body, headers);

    expect(reply.status, `${operation}: ${JSON.stringify(reply.body)}`).toBe(status);
    if (status < 400) expect(contract.requestFaults(method, path, body), operation).toEqual([]);
    expect(contract.replyFaults(operation, status, status === 204 ? null : reply.body), operation).toEqual([]);
    return reply.body;
  };
}

describe.runIf(contractsPresent)(`the doubles answer as their vendors' descriptions say${contractsNote}`, () => {
  describe('github', () => {
    const repo = '/repos/acme/marketing-campaigns';
    const refs = (name: string) => encodeURIComponent(`heads/${name}`);
    const file = `${repo}/contents/${encodeURIComponent('spring/content.json')}`;
    const content = Buffer.from('{"headline":"Spring"}').toString('base64');
    let contract: VendorContract;

    beforeAll(async () => {
      contract = await loadContract('github.json');
    });

    it('from a branch to a closed pull request', async () => {
      await using sandbox = await openSandbox();
      const expectReply = replyIn(sandbox, contract, 'github');
      const put = { message: 'Add', content, branch: 'spring' };
      const pull = { title: 'Spring', head: 'spring', base: 'main', body: 'Please review' };

      await expectReply('repos/get', 'GET', repo, 200);
      const main = await expectReply<{ object: { sha: string } }>(
        'git/get-ref',
        'GET',
        `${repo}/git/ref/${refs('main')}`,
        200,
      );
      await expectReply('git/create-ref', 'POST', `${repo}/git/refs`, 201, {
        ref: 'refs/heads/spring',
        sha: main.object.sha,
      });
      const write = 'repos/create-or-update-file-contents';
      const { sha } = (await expectReply<{ content: { sha: string } }>(write, 'PUT', file, 201, put)).content;
      await expectReply(write, 'PUT', file, 200, { ...put, sha });
      await expectReply('repos/get-content', 'GET', `${file}?ref=spring`, 200);
      await expectReply('repos/get-content', 'GET', `${repo}/contents/spring?ref=spring`, 200);
      await expectReply('pulls/create', 'POST', `${repo}/pulls`, 201, pull);
      await expectReply('pulls/list', 'GET', `${repo}/pulls?state=open&head=acme:spring`, 200);
      await expectReply('pulls/get', 'GET', `${repo}/pulls/1`, 200);
      await expectReply('pulls/update', 'PATCH', `${repo}/pulls/1`, 200, { state: 'closed' });
      await expectReply('repos/delete-file', 'DELETE', file, 200, { message: 'Remove', sha, branch: 'spring' });
      await expectReply('git/delete-ref', 'DELETE', `${repo}/git/refs/${refs('spring')}`, 204);
    });

    it('when it refuses', async () => {
      await using sandbox = await openSandbox();
      const expectReply = replyIn(sandbox, contract, 'github');

      await expectReply('repos/get', 'GET', '/repos/acme/nothing', 404);
      await expectReply('git/create-ref', 'POST', `${repo}/git/refs`, 422, { ref: 'refs/heads/x', sha: 'none' });
      await expectReply('pulls/create', 'POST', `${repo}/pulls`, 422, { title: 'A', head: 'none', base: 'main' });
      const update = { message: 'Change', content };
      await expectReply('repos/create-or-update-file-contents', 'PUT', `${repo}/contents/README.md`, 422, update);
    });
  });

  describe('sendgrid', () => {
    const sends = '/v3/marketing/singlesends';

    it('from a draft to a deleted single send', async () => {
      await using sandbox = await openSandbox();
      const expectReply = replyIn(sandbox, await loadContract('sendgrid-singlesends.json'), 'sendgrid');
      const email_config = { subject: 'Spring', html_content: '<p>Hi</p>', sender_id: 1001, suppression_group_id: 501 };
      const draft = { name: 'Spring', send_to: { all: true }, email_config };
      const changes = { name: 'Spring 2', email_config: { subject: 'Edited' } };
      const sendAt = { send_at: new Date(Date.now() + 600_000).toISOString() };

      const { id } = await expectReply<{ id: string }>('CreateSingleSend', 'POST', sends, 201, draft);
      await expectReply('GetSingleSend', 'GET', `${sends}/${id}`, 200);
      await expectReply('UpdateSingleSend', 'PATCH', `${sends}/${id}`, 202, changes);
      await expectReply('ScheduleSingleSend', 'PUT', `${sends}/${id}/schedule`, 201, sendAt);
      await expectReply('ListSingleSend', 'GET', sends, 200);
      await expectReply('SearchSingleSend', 'POST', `${sends}/search`, 200, { name: 'Spring', status: ['scheduled'] });
      await expectReply('DeleteScheduledSingleSend', 'DELETE', `${sends}/${id}/schedule`, 200);
      await expectReply('DeleteSingleSend', 'DELETE', `${sends}/${id}`, 204);
    });

    it('when it refuses', async () => {
      await using sandbox = await openSandbox();
      const expectReply = replyIn(sandbox, await loadContract('sendgrid-singlesends.json'), 'sendgrid');

      await expectReply('CreateSingleSend', 'POST', sends, 400, {});
      await expectReply('GetSingleSend', 'GET', `${sends}/none`, 404);
      await expectReply('DeleteSingleSend', 'DELETE', `${sends}/none`, 404);
    });

    it('about lists', async () => {
      await using sandbox = await openSandbox();
      const expectReply = replyIn(sandbox, await loadContract('sendgrid-lists.json'), 'sendgrid');
      const lists = '/v3/marketing/lists';

      const { result } = await expectReply<{ result: { id: string }[] }>('ListMarketingList', 'GET', lists, 200);
      await expectReply('GetMarketingList', 'GET', `${lists}/${result[0]?.id}`, 200);
    });

    it('about contacts', async () => {
      await using sandbox = await openSandbox();
      const expectReply = replyIn(sandbox, await loadContract('sendgrid-contacts.json'), 'sendgrid');
      const contacts = '/v3/marketing/contacts';

      const { result } = await expectReply<{ result: { id: string; email: string }[] }>(
        'ListContact',
        'GET',
        contacts,
        200,
      );
      const emails = { emails: [result[0]?.email] };
      await expectReply('GetContact', 'GET', `${contacts}/${result[0]?.id}`, 200);
      await expectReply('ListContactByEmail', 'POST', `${contacts}/search/emails`, 200, emails);
    });
  });

  describe('figma', () => {
    const file = '/v1/files/harborBrand01';
    const token = { 'x-figma-token': 'figd_1' };

    it('about components, images and comments', async () => {
      await using sandbox = await openSandbox();
      const expectReply = replyIn(sandbox, await loadContract('figma.json'), 'figma', token);
      const comment = { message: 'Hello', client_meta: { node_id: '12:101', node_offset: { x: 1, y: 2 } } };

      await expectReply('getFileMeta', 'GET', `${file}/meta`, 200);
      await expectReply('getFileComponents', 'GET', `${file}/components`, 200);
      await expectReply('getImages', 'GET', '/v1/images/harborBrand01?ids=12:101,9:9&format=svg', 200);
      const { id } = await expectReply<{ id: string }>('postComment', 'POST', `${file}/comments`, 200, comment);
      await expectReply('postComment', 'POST', `${file}/comments`, 200, { message: 'Reply', comment_id: id });
      await expectReply('getComments', 'GET', `${file}/comments`, 200);
      await expectReply('deleteComment', 'DELETE', `${file}/comments/${id}`, 200);
    });

    it('when it refuses', async () => {
      await using sandbox = await openSandbox();
      const expectReply = replyIn(sandbox, await loadContract('figma.json'), 'figma', token);

      await expectReply('getFileMeta', 'GET', '/v1/files/nowhere/meta', 404);
      await expectReply('getFileComponents', 'GET', '/v1/files/nowhere/components', 404);
      await expectReply('getImages', 'GET', '/v1/images/harborBrand01?ids=12:101&scale=9', 400);
      await expectReply('deleteComment', 'DELETE', `${file}/comments/1`, 404);
    });
  });

  it('notion, whose replies its description leaves open but for errors', async () => {
    await using sandbox = await openSandbox();
    const headers = { authorization: 'Bearer ntn_1', 'notion-version': '2025-09-03' };
    const expectReply = replyIn(sandbox, await loadContract('notion.json'), 'notion', headers);
    const page = { parent: { page_id: HUB_ID, type: 'page_id' }, properties: { title: { title: [] } } };

    await expectReply('post-search', 'POST', '/v1/search', 200, { query: 'logistics' });
    await expectReply('query-data-source', 'POST', `/v1/data_sources/${LIBRARY.id}/query`, 200, { page_size: 1 });
    await expectReply('retrieve-a-data-source', 'GET', `/v1/data_sources/${LIBRARY.id}`, 200);
    const { id } = await expectReply<{ id: string }>('post-page', 'POST', '/v1/pages', 200, page);
    await expectReply('get-block-children', 'GET', `/v1/blocks/${HUB_ID}/children?page_size=5`, 200);
    await expectReply('patch-page', 'PATCH', `/v1/pages/${id}`, 200, { in_trash: true });
    await expectReply('retrieve-a-page', 'GET', `/v1/pages/${id}`, 200);
    await expectReply('post-search', 'POST', '/v1/search', 400, { page_size: 101 });
  });

  it('slm, about completions and models', async () => {
    await using sandbox = await openSandbox();
    const expectReply = replyIn(sandbox, await loadContract('openai.json', '/v1'), 'slm');
    const properties = { headline: { type: 'string' } };
    const schema = { type: 'object', properties, required: ['headline'], additionalProperties: false };
    const messages = [{ role: 'user', content: 'Campaign: Spring' }];
    const response_format = { type: 'json_schema', json_schema: { name: 'content', strict: true, schema } };
    const request = { model: 'sandbox-writer', messages, max_tokens: 100, response_format };

    await expectReply('createChatCompletion', 'POST', '/v1/chat/completions', 200, request);
    await expectReply('listModels', 'GET', '/v1/models', 200);
    await expectReply('retrieveModel', 'GET', '/v1/models/sandbox-writer', 200);
  });
});
