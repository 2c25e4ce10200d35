// `npm run test:whole` tries everything; `npm test` a sample of what takes long.

export const TRIES_ALL = process.env['TESTS'] === 'whole';
