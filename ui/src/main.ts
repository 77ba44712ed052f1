import { mount } from 'svelte';
import './app.css';
import App from './App.svelte';
import { words } from './lib/i18n/index.svelte';
import { clock } from './lib/state/clock.svelte';
import { prefs } from './lib/state/prefs.svelte';
import { router } from './lib/state/router.svelte';
import { session } from './lib/state/session.svelte';

prefs.start();
session.start();
router.start();
clock.start();

// The words come first: nothing is ever shown by its key.
void words.start(prefs.language, session.kind === 'agent' ? 'desk' : 'portal').then(() => mount(App, { target: document.getElementById('app')! }));
