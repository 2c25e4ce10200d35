// Marketing pages of made-up companies: `http(s)://<name>.example/…` as the sandbox serves it, below `/pages/<name>/…`.
// Each name is a company of its own, the same at every visit. Reading needs no credentials and leaves nothing behind.
import { sha256 } from '../../src/kernel/index.ts';
import { dispatch, route } from '../router.ts';
import type { Answer, Double, Vendor } from '../vendor.ts';

export const pages: Vendor = { name: 'pages', open: openPages };

interface Company {
  /** Fit for HTML, as every text here is. */
  readonly name: string;
  readonly product: string;
  readonly claim: string;
  readonly features: readonly string[];
  readonly prices: readonly (readonly [plan: string, monthly: number])[];
}

const PRODUCTS = ['campaign planner', 'e-mail studio', 'audience map', 'content calendar'];
const CLAIMS = [
  'Launch in days, not quarters',
  'Every channel, one plan',
  'Know what worked before lunch',
  'Marketing that keeps its promises',
];
const FEATURES = [
  'Drag-and-drop journeys',
  'Shared brand library',
  'Approval by link',
  'Live revenue attribution',
  'A/B tests on every subject line',
  'Single sign-on for every plan',
];

function openPages(): Double {
  const page = (name: string, write: (company: Company) => string) => html(200, write(companyOf(name)));
  const routes = [
    route('GET', '/:name', (_, name) => page(name, homePage)),
    route('GET', '/:name/', (_, name) => page(name, homePage)),
    route('GET', '/:name/features', (_, name) => page(name, featuresPage)),
    route('GET', '/:name/pricing', (_, name) => page(name, pricingPage)),
    route('GET', '/:name/blog', (_, name) => page(name, blogPage)),
  ];
  return {
    handle: (request) => dispatch(routes, request) ?? refusal(404, 'Page not found'),
    refuse: refusal,
  };
}

function companyOf(name: string): Company {
  const seed = Number.parseInt(sha256(name).slice(0, 6), 16);
  const plan = 19 + (seed % 30);
  const start = seed % FEATURES.length;
  return {
    name: escape(name.charAt(0).toUpperCase() + name.slice(1)),
    product: PRODUCTS[seed % PRODUCTS.length] ?? '',
    claim: CLAIMS[(seed >> 3) % CLAIMS.length] ?? '',
    features: [...FEATURES, ...FEATURES].slice(start, start + 4),
    prices: [
      ['Starter', plan],
      ['Team', plan * 3],
      ['Business', plan * 8],
    ],
  };
}

function homePage(company: Company): string {
  const quote = `<blockquote class="testimonial">“We moved three launches forward.” <cite>Head of Growth, Northwind</cite></blockquote>`;
  return frame(
    company,
    company.claim,
    `<p class="lead">The ${company.product} for teams with more ideas than hours.</p>${featureList(company)}${quote}`,
  );
}

function featuresPage(company: Company): string {
  return frame(company, `What ${company.name} does`, featureList(company));
}

function pricingPage(company: Company): string {
  const rows = company.prices.map(
    ([plan, monthly]) => `<tr class="plan"><td>${plan}</td><td class="price">$${monthly}/month</td></tr>`,
  );
  return frame(
    company,
    'Pricing',
    `<table class="pricing"><tbody>${rows.join('')}</tbody></table><p>Billed yearly. 14 days free.</p>`,
  );
}

function blogPage(company: Company): string {
  const posts = company.features.map(
    (feature) => `<article><h2>${feature}: how we built it</h2><p>By the ${company.name} team.</p></article>`,
  );
  return frame(company, `${company.name} blog`, posts.join(''));
}

function featureList({ features }: Company): string {
  return `<ul class="features">${features.map((feature) => `<li>${feature}</li>`).join('')}</ul>`;
}

function frame(company: Company, heading: string, main: string): string {
  const { name } = company;
  const links = ['', 'features', 'pricing', 'blog']
    .map((path) => `<a href="./${path}">${path || 'home'}</a>`)
    .join(' ');
  return `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>${name}: ${heading}</title>
<meta name="description" content="${name}, the ${company.product}. ${company.claim}."></head>
<body><header><nav>${links}</nav></header>
<main><h1>${heading}</h1>${main}</main>
<footer>© ${name} Inc. Made up for the sandbox.</footer></body>
</html>
`;
}

function refusal(status: number, message = `Error ${status}`): Answer {
  return html(
    status,
    `<!doctype html><html lang="en"><head><title>${status}</title></head><body><h1>${escape(message)}</h1></body></html>\n`,
  );
}

function html(status: number, body: string): Answer {
  return { status, headers: { 'content-type': 'text/html; charset=utf-8' }, body };
}

function escape(text: string): string {
  return text.replace(/[&<>"']/g, (letter) => `&#${letter.charCodeAt(0)};`);
}
