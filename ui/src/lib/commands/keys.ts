/** Keys to commands. Nothing here means anything while an input method composes. */
import { layers } from '../state/layers.svelte';
import { prefs } from '../state/prefs.svelte';
import type { Command } from './commands.svelte';
import { commands } from './commands.svelte';

const mac = /Mac|iPhone|iPad/.test(typeof navigator === 'undefined' ? '' : navigator.platform);
const sequenceTime = 1200; // ms between g and its second key; chosen

/** The name of a pressed key as the table writes it: "j", "Shift+j", "mod+k". */
export function keyName(e: Pick<KeyboardEvent, 'key' | 'ctrlKey' | 'metaKey' | 'shiftKey' | 'altKey'>): string {
	if (e.altKey || (mac ? e.ctrlKey : e.metaKey)) return '';
	const mod = mac ? e.metaKey : e.ctrlKey;
	const letter = e.key.length === 1;
	// "?" already holds its Shift; a letter or a named key does not.
	const shift = e.shiftKey && (!letter || /[a-z]/i.test(e.key));
	return `${mod ? 'mod+' : ''}${shift ? 'Shift+' : ''}${letter ? e.key.toLowerCase() : e.key}`;
}

/** Whether typing goes into this element. */
export function isTextField(el: Element | null): boolean {
	if (!el) return false;
	if (el instanceof HTMLElement && el.isContentEditable) return true;
	if (el instanceof HTMLInputElement) return !['checkbox', 'radio', 'button', 'submit', 'reset', 'file', 'range'].includes(el.type);
	return el instanceof HTMLTextAreaElement || el instanceof HTMLSelectElement;
}

/** How a key is shown: "mod+k" → "Ctrl K" or "⌘K". */
export function showKey(key: string): string {
	const names: Record<string, string> = { mod: mac ? '⌘' : 'Ctrl', Shift: '⇧', ArrowDown: '↓', ArrowUp: '↑', ArrowLeft: '←', ArrowRight: '→', Enter: '↵', Escape: 'Esc', PageDown: 'PgDn', PageUp: 'PgUp', ' ': 'Space' };
	return key
		.split(' ')
		.map((k) => k.split('+').map((p) => names[p] ?? (p.length === 1 && k.includes('+') ? p.toUpperCase() : p)).join(mac ? '' : ' '))
		.join(' ');
}

/** Follows the keyboard until the returned function is called. */
export function listen(): () => void {
	let first = '';
	let firstAt = 0;
	const onKey = (e: KeyboardEvent) => {
		if (e.isComposing || e.keyCode === 229 || e.defaultPrevented) return;
		const name = keyName(e);
		if (!name || ['Shift', 'Control', 'Meta'].includes(e.key)) return;
		const target = e.target instanceof Element ? e.target : null;
		if ((document.querySelector('dialog:modal') || target?.closest('[role="menu"], [role="listbox"]')) && name !== 'mod+k') return;
		if (layers.top && layers.top !== 'menu' && name !== 'mod+k') return hold(e);
		if (isTextField(target) && !name.startsWith('mod+')) {
			if (name === 'Escape') (target as HTMLElement).blur();
			return;
		}
		if (isWidget(target, name)) return;
		const sequence = first && performance.now() - firstAt < sequenceTime ? `${first} ${name}` : '';
		first = '';
		const command = find(sequence) ?? find(name);
		if (command) {
			e.preventDefault();
			void command.run();
		} else if (starts(name)) {
			first = name;
			firstAt = performance.now();
		}
	};
	addEventListener('keydown', onKey);
	return () => removeEventListener('keydown', onKey);
}

/** A key pressed while a dialog is on its way: it means the layer, never the page below. */
function hold(e: KeyboardEvent): void {
	e.preventDefault();
	if (e.key === 'Escape') layers.close();
	else if (layers.top === 'palette' && e.key.length === 1 && !e.ctrlKey && !e.metaKey) layers.typed += e.key;
}

/** Keys that a focused button, link or the like needs itself. */
function isWidget(el: Element | null, name: string): boolean {
	if (!el || !['Enter', ' ', 'Shift+Enter'].includes(name)) return false;
	return !!el.closest('button, a, summary, [role="button"], input, label');
}

function allowed(key: string): boolean {
	return prefs.singleKeys || /^mod\+|^(Arrow|Enter|Shift\+Enter|Escape|Home|End|Page)/.test(key);
}

function find(key: string): Command | undefined {
	if (!key || !allowed(key)) return undefined;
	return commands.possible.find((c) => c.keys?.includes(key));
}

function starts(key: string): boolean {
	return allowed(key) && commands.possible.some((c) => c.keys?.some((k) => k.startsWith(`${key} `)));
}
