// An order, as TypeScript: goods are set aside, paid and shipped; when one of these fails, what was done is taken back, the last first.
// The same as payment.yaml, act for act.
import { action, workflow, z } from '../src/index.ts';
import type { Saga } from '../src/index.ts';
import { inventory, payments } from './shop.ts';

const reserve = action(inventory, 'reserve');
const charge = action(payments, 'charge');
const ship = action(inventory, 'ship');

const order = z.strictObject({
  sku: z.string().min(1),
  quantity: z.int().min(1),
  customer: z.string().min(1),
  amount: z.int().min(1).describe('In cents'),
  currency: z.string().regex(/^[A-Z]{3}$/),
  address: z.string().min(1),
});
type Order = z.infer<typeof order>;

const receipt = z.object({ reservation: z.string(), charge: z.string(), shipment: z.string() });
type Receipt = z.infer<typeof receipt>;

@workflow({ name: 'payment', version: '1.0.0', title: 'Pay and ship an order', input: order, output: receipt })
export class Payment {
  async run(saga: Saga, { sku, quantity, customer, amount, currency, address }: Order): Promise<Receipt> {
    const reserved = await saga.run(reserve, { sku, quantity }, { compensation: 'release' });
    const charged = await saga.run(
      charge,
      { customer, amount, currency },
      { compensation: 'refund', retry: 'financial_transaction' },
    );
    const shipped = await saga.run(
      ship,
      { reservation: reserved.id, address },
      { compensation: 'cancel_shipment', timeout: '10s' },
    );
    return { reservation: reserved.id, charge: charged.id, shipment: shipped.id };
  }
}
