// Starts the dashboard.
import { render } from 'preact';
import { App } from './app.tsx';
import { startMe } from './me.ts';
import { startNews } from './news.ts';
import { startClock } from './parts/when.tsx';
import { startRouter } from './router.ts';
import { startTheme } from './theme.ts';

startTheme();
startRouter();
startClock();
startMe();
startNews();

const root = document.getElementById('app');
if (!root) throw new Error('index.html has no #app');
render(<App />, root);
