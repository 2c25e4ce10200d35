// An offer that is written again until people have nothing more to change: code sees to its own rounds.
import { action, workflow, z, type Saga } from 'breakwater';

const ask = action('slm', 'chat_completion');
const input = z.strictObject({ client: z.string().min(1) });
const offer = z.object({ body: z.string() });
const schema = { type: 'object', required: ['body'], properties: { body: { type: 'string' } } };

export const SignedOffer = workflow({ name: 'signed-offer', version: '1.0.0', input })(
  class {
    async run(saga: Saga, { client }: z.infer<typeof input>) {
      const wishes: string[] = [];
      for (let round = 1; ; round++) {
        const prompt = `An offer to ${client}. ${wishes.join('. ')}`;
        const draft = offer.parse(await saga.run(ask, { prompt, schema }, { name: `draft ${round}` }));
        const review = await saga.approval({
          name: `review ${round}`,
          title: `Send this to ${client}?`,
          body: draft.body,
          approvers: ['user:jonas', 'user:amara'],
          quorum: 2,
          changes: true,
          timeout: '48h',
        });
        if (review.decision === 'approve') return { rounds: round, wishes, by: review.by };
        wishes.push(review.reason ?? '');
      }
    }
  },
);
