// `npm run saga` tries everything; `npm test` a sample of what takes long.

export const TRIES_ALL = process.env['SAGA'] === 'whole';
