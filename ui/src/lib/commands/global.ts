/** Commands that work on every page of the workspace. */
import { router } from '../state/router.svelte';
import { prefs } from '../state/prefs.svelte';
import { session } from '../state/session.svelte';
import { layers } from '../state/layers.svelte';
import { words } from '../i18n/index.svelte';
import type { Command } from './commands.svelte';

const go = (id: string, to: string, ...keys: string[]): Command => ({ id, keys, group: 'anywhere', run: () => router.go(to) });

/** Makes the table; called once by the workspace frame. */
export function globalCommands(): Command[] {
	return [
		{ id: 'palette', keys: ['mod+k'], group: 'anywhere', quiet: true, run: () => layers.open('palette') },
		{ id: 'search', keys: ['/'], group: 'anywhere', quiet: true, run: () => searchHere() },
		{ id: 'help', keys: ['?'], group: 'anywhere', run: () => layers.open('help') },
		{ id: 'new', keys: ['c'], group: 'anywhere', run: () => router.go('/incidents/new') },
		go('go.mine', '/queue/mine', 'g m'),
		go('go.all', '/queue', 'g a'),
		go('go.unassigned', '/queue/unassigned', 'g u'),
		go('go.me', '/settings/me', 'g ,'),
		{ ...go('go.mail', '/settings/mail'), when: () => session.agent?.role === 'admin' },
		{ id: 'notices', group: 'anywhere', run: () => layers.open('notices') },
		{ id: 'theme', group: 'anywhere', run: () => void (prefs.theme = document.documentElement.classList.contains('dark') ? 'light' : 'dark') },
		{ id: 'density', group: 'anywhere', run: () => void (prefs.density = prefs.density === 'compact' ? 'comfortable' : 'compact') },
		{ id: 'language', group: 'anywhere', run: () => session.speak(words.language === 'zh' ? 'en' : 'zh') },
		{ id: 'signout', group: 'anywhere', run: () => session.leave() },
	];
}

/** The field that "/" means on this page, else the palette. */
function searchHere(): void {
	const field = document.querySelector<HTMLInputElement>('main [data-search-here]');
	if (field) field.focus();
	else layers.open('palette');
}
