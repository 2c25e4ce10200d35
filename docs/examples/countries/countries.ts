// A launch in several countries, each a run of its own. When one fails, or the page that lists them, all that was published is taken back.
import { action, workflow, z, type Saga } from 'breakwater';

const writeFile = action('github', 'create_or_update_file');
const website = { owner: 'acme', repo: 'website' };

const place = z.strictObject({ product: z.string().min(1), country: z.string().min(1) });
const launched = z.object({ page: z.string() });

export const Country = workflow({ name: 'launch-country', version: '1.0.0', input: place, output: launched })(
  class {
    async run(saga: Saga, { product, country }: z.infer<typeof place>) {
      const page = await saga.run(
        writeFile,
        { ...website, path: `${product}/${country}.md`, content: `# ${product} in ${country}\n` },
        { name: 'publish', compensation: 'delete_file' },
      );
      return { page: page.path };
    }
  },
);

const places = z.strictObject({ product: z.string().min(1), countries: z.array(z.string().min(1)).min(1) });

export const Everywhere = workflow({ name: 'launch-everywhere', version: '1.0.0', input: places })(
  class {
    async run(saga: Saga, { product, countries }: z.infer<typeof places>) {
      const launches = await Promise.all(
        countries.map(async (country) => await saga.child(Country, { product, country }, { name: country })),
      );
      const pages = launches.map(({ page }) => page);
      await saga.run(
        writeFile,
        { ...website, path: `${product}/index.md`, content: pages.join('\n') },
        { name: 'list', retry: 'none', compensation: 'delete_file' },
      );
      return { pages };
    }
  },
);
