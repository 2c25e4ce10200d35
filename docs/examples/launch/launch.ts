// A product launch: copy and market are looked at side by side, people edit and approve the copy, and it goes out once sales says go.
import { action, message, waves, workflow, z, type Saga } from 'breakwater';

const ask = action('slm', 'chat_completion');
const recall = action('memory', 'recall');
const writeFile = action('github', 'create_or_update_file');
const tell = action('slack', 'send_message');

const input = z.strictObject({ product: z.string().min(1), reviewer: z.string().min(1) });
const go = message('go', z.strictObject({ by: z.string() }));

const copy = z.object({ headline: z.string(), text: z.string() });
const copySchema = {
  type: 'object',
  additionalProperties: false,
  required: ['headline', 'text'],
  properties: { headline: { type: 'string' }, text: { type: 'string' } },
};

export const Launch = workflow({ name: 'launch', version: '1.0.0', input, messages: [go] })(
  class {
    async run(saga: Saga, { product, reviewer }: z.infer<typeof input>) {
      const { draft } = await waves<{ earlier: unknown; draft: z.infer<typeof copy> }>({
        earlier: {
          run: async () => await saga.run(recall, { namespace: 'launches', query: product }, { optional: true }),
        },
        draft: {
          dependsOn: ['earlier'],
          run: async ({ earlier }) => {
            const prompt = `Announce ${product}. Earlier launches: ${JSON.stringify(earlier)}`;
            return copy.parse(await saga.run(ask, { prompt, schema: copySchema }, { name: 'draft', timeout: '60s' }));
          },
        },
      });

      const review = await saga.approval({
        name: 'review',
        title: `Announce ${product} like this?`,
        approvers: [`user:${reviewer}`, 'role:approver'],
        allowRequester: true,
        timeout: '24h',
        editable: { draft },
      });
      const { headline, text } = review.edited.draft;

      const { by } = await saga.wait({ message: go, timeout: '7d' });
      await saga.sleep('last chance to cancel', '100ms');

      const page = await saga.run(
        writeFile,
        {
          owner: 'acme',
          repo: 'website',
          path: `launches/${saga.uuid('page')}.md`,
          content: `# ${headline}\n\n${text}\n`,
        },
        { compensation: 'delete_file' },
      );
      await saga.run(
        tell,
        { channel: 'marketing-reviews', text: `${headline}: ${page.path}, said ${by}` },
        { compensation: 'delete_message', retry: 'user_notification' },
      );
      return { page: page.path, headline };
    }
  },
);
