// Filters and sorts of a data source's pages, as far as its properties go. Pure.
import { z } from 'zod';
import { invalid } from './refusals.ts';
import { plainText } from './rich-text.ts';
import type { Page, PropertyValue } from './workspace.ts';

const textTest = z.object({
  equals: z.string().optional(),
  does_not_equal: z.string().optional(),
  contains: z.string().optional(),
  starts_with: z.string().optional(),
  is_empty: z.literal(true).optional(),
});
const dateTest = z.object({
  equals: z.string().optional(),
  before: z.string().optional(),
  after: z.string().optional(),
  on_or_before: z.string().optional(),
  on_or_after: z.string().optional(),
});
const propertyTest = z.object({
  property: z.string(),
  title: textTest.optional(),
  rich_text: textTest.optional(),
  select: textTest.optional(),
  date: dateTest.optional(),
});
type PropertyTest = z.infer<typeof propertyTest>;

export type Filter = PropertyTest | { readonly and: readonly Filter[] } | { readonly or: readonly Filter[] };

export const filterSchema: z.ZodType<Filter> = z.lazy(() =>
  z.union([z.object({ and: z.array(filterSchema) }), z.object({ or: z.array(filterSchema) }), propertyTest]),
);

const direction = z.enum(['ascending', 'descending']);
export const sortSchema = z.union([
  z.object({ property: z.string(), direction }),
  z.object({ timestamp: z.enum(['created_time', 'last_edited_time']), direction }),
]);
export type Sort = z.infer<typeof sortSchema>;

export function fits(filter: Filter, page: Page): boolean {
  if ('and' in filter) return filter.and.every((each) => fits(each, page));
  if ('or' in filter) return filter.or.some((each) => fits(each, page));
  const value = propertyOf(page, filter.property);
  const test = filter[value.type];
  if (test === undefined) return invalid(`The property type of "${filter.property}" is ${value.type}; filter it so`);
  return passes(test, textOf(value));
}

function passes(test: z.infer<typeof textTest> & z.infer<typeof dateTest>, text: string): boolean {
  const wanted: readonly (readonly [string | undefined, (limit: string) => boolean])[] = [
    [test.equals, (limit) => text.toLowerCase() === limit.toLowerCase()],
    [test.does_not_equal, (limit) => text.toLowerCase() !== limit.toLowerCase()],
    [test.contains, (limit) => text.toLowerCase().includes(limit.toLowerCase())],
    [test.starts_with, (limit) => text.toLowerCase().startsWith(limit.toLowerCase())],
    [test.before, (limit) => text < limit],
    [test.after, (limit) => text > limit],
    [test.on_or_before, (limit) => text <= limit],
    [test.on_or_after, (limit) => text >= limit],
  ];
  const holds = wanted.every(([limit, check]) => limit === undefined || check(limit));
  return holds && (test.is_empty === undefined || text === '');
}

/** The first sort counts most. */
export function sorted(pages: readonly Page[], sorts: readonly Sort[]): Page[] {
  return sorts.toReversed().reduce((order, sort) => {
    const sign = sort.direction === 'ascending' ? 1 : -1;
    return order.toSorted((a, b) => sign * keyOf(sort, a).localeCompare(keyOf(sort, b)));
  }, pages.slice());
}

function keyOf(sort: Sort, page: Page): string {
  if ('property' in sort) return textOf(propertyOf(page, sort.property));
  return new Date(sort.timestamp === 'created_time' ? page.createdAt : page.editedAt).toISOString();
}

/** By name, or by the id that every title has. */
function propertyOf({ properties }: Page, name: string): PropertyValue {
  const title = name === 'title' ? Object.values(properties).find(({ type }) => type === 'title') : undefined;
  return title ?? properties[name] ?? invalid(`Could not find property with name or id: ${name}`);
}

function textOf(value: PropertyValue): string {
  switch (value.type) {
    case 'title':
      return plainText(value.title);
    case 'rich_text':
      return plainText(value.rich_text);
    case 'select':
      return value.select?.name ?? '';
    case 'date':
      return value.date?.start ?? '';
  }
}
