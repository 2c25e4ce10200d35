import { PlaceOrder } from './place-order.ts';

export const workflows = [PlaceOrder];
