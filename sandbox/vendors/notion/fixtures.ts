// What the Notion double came with: the market research of a logistics company's marketing, six pages and the data source of four.

export const HUB_ID = '1f0c2b7e-3a4d-4c5e-8f60-0a1b2c3d4e01';

export const LIBRARY = {
  id: '1f0c2b7e-3a4d-4c5e-8f60-0a1b2c3d4eaa',
  databaseId: '1f0c2b7e-3a4d-4c5e-8f60-0a1b2c3d4ebb',
  title: 'Research library',
  topics: ['Audience', 'Competitors', 'Channels'],
} as const;

interface Research {
  readonly id: string;
  readonly title: string;
  readonly place: 'workspace' | 'hub' | 'library';
  readonly topic: string;
  readonly summary: string;
  readonly published: string;
  readonly text: readonly string[];
}

export const RESEARCH: readonly Research[] = [
  {
    id: HUB_ID,
    title: 'Marketing research hub',
    place: 'workspace',
    topic: '',
    summary: '',
    published: '2026-01-12',
    text: ['Everything we know about who buys Harbor and why.', 'New studies go into the research library.'],
  },
  {
    id: '1f0c2b7e-3a4d-4c5e-8f60-0a1b2c3d4e02',
    title: 'Persona: the operations lead at a logistics company',
    place: 'hub',
    topic: '',
    summary: '',
    published: '2026-03-02',
    text: [
      'Answers for 50 to 500 people and every berth they miss.',
      'Plans crews in a spreadsheet that only she understands, and updates it at six in the morning.',
      'Buys when a peer says it took less than a week to set up.',
    ],
  },
  {
    id: '1f0c2b7e-3a4d-4c5e-8f60-0a1b2c3d4e03',
    title: 'Interviews: twelve operations leads in logistics',
    place: 'library',
    topic: 'Audience',
    summary:
      'Nine of twelve lost a berth last quarter because two spreadsheets disagreed; none would start with a project of months.',
    published: '2026-09-18',
    text: [
      'Twelve calls of forty minutes, companies with 60 to 420 people, five ports.',
      'What they want first is one schedule that crews can read on a phone.',
    ],
  },
  {
    id: '1f0c2b7e-3a4d-4c5e-8f60-0a1b2c3d4e04',
    title: 'Why crews and berths are still scheduled by spreadsheet',
    place: 'library',
    topic: 'Audience',
    summary:
      'Habit and fear of the switch, not price. A trial with their own data wins three times as often as a demo.',
    published: '2026-08-27',
    text: ['Survey of 214 companies.', '71 % name the switch itself as the obstacle, 18 % the price.'],
  },
  {
    id: '1f0c2b7e-3a4d-4c5e-8f60-0a1b2c3d4e05',
    title: 'Competitor watch: Tidewater and Northquay',
    place: 'library',
    topic: 'Competitors',
    summary: 'Both sell to terminals above 1,000 people. Neither shows prices; both promise onboarding in a quarter.',
    published: '2026-10-30',
    text: ['Tidewater leads with analytics, Northquay with compliance.', 'Nobody speaks of the first week.'],
  },
  {
    id: '1f0c2b7e-3a4d-4c5e-8f60-0a1b2c3d4e06',
    title: 'Channel benchmarks: e-mail, social and blog in logistics',
    place: 'library',
    topic: 'Channels',
    summary:
      'E-mail at 07:00 local time opens at 34 %. Posts with one number in the headline are shared twice as often.',
    published: '2026-07-15',
    text: ['Own campaigns of eighteen months, 41 sends, 96 posts.', 'Blog visits turn into trials at 2.1 %.'],
  },
];
