// The same in code: `secret` stands for a whole argument, and the compiler lets it stand nowhere else.
import { action, secret, workflow, z, type Saga } from 'breakwater';

const input = z.object({ order: z.string() });

@workflow({ name: 'place-order-in-code', version: '1.0.0', input })
export class PlaceOrder {
  async run(saga: Saga, { order }: z.infer<typeof input>) {
    const call = {
      url: `https://api.partner.example/orders/${encodeURIComponent(order)}`,
      headers: { authorization: secret('partner-token') },
    };
    const compensation = { activity: action('http', 'request'), with: { ...call, method: 'DELETE' } };
    await saga.run(action('http', 'request'), { ...call, method: 'PUT' }, { name: 'place', compensation });
  }
}
