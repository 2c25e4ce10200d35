// The vendors that the sandbox doubles. A further one is a file here and a line below.
import type { Vendor } from '../vendor.ts';
import { buffer } from './buffer/buffer.ts';
import { figma } from './figma/figma.ts';
import { github } from './github/github.ts';
import { grafana } from './grafana/grafana.ts';
import { notion } from './notion/notion.ts';
import { pages } from './pages.ts';
import { sendgrid } from './sendgrid/sendgrid.ts';
import { inventory } from './shop/inventory.ts';
import { payments } from './shop/payments.ts';
import { slack } from './slack/slack.ts';
import { slm } from './slm/slm.ts';

export const vendors: readonly Vendor[] = [
  buffer,
  figma,
  github,
  grafana,
  notion,
  sendgrid,
  slack,
  slm,
  pages,
  inventory,
  payments,
];
