/** What this browser remembers: theme, density, language, keys. */
import { pickLanguage, type Language } from '../i18n/index.svelte';

export type Theme = 'system' | 'light' | 'dark';
export type Density = 'comfortable' | 'compact';

function read(key: string): string | null {
	try {
		return localStorage.getItem(`deskbell_${key}`);
	} catch {
		return null; // storage switched off: the defaults hold for this tab
	}
}

function write(key: string, value: string): void {
	try {
		localStorage.setItem(`deskbell_${key}`, value);
	} catch {
		// as above
	}
}

class Prefs {
	#theme = $state<Theme>((read('theme') as Theme | null) ?? 'system');
	#density = $state<Density>((read('density') as Density | null) ?? 'comfortable');
	#singleKeys = $state(read('single_keys') !== 'off');
	/** Seconds in which a reply can be taken back; from the profile. */
	undoSeconds = $state(5);
	#dark = matchMedia('(prefers-color-scheme: dark)');

	start(): void {
		this.#dark.addEventListener('change', () => this.#paint());
		this.#paint();
	}

	get theme(): Theme {
		return this.#theme;
	}
	set theme(theme: Theme) {
		this.#theme = theme;
		write('theme', theme);
		this.#paint();
	}

	get density(): Density {
		return this.#density;
	}
	set density(density: Density) {
		this.#density = density;
		write('density', density);
	}

	/** Whether keys without Ctrl do something (WCAG 2.1.4). */
	get singleKeys(): boolean {
		return this.#singleKeys;
	}
	set singleKeys(on: boolean) {
		this.#singleKeys = on;
		write('single_keys', on ? 'on' : 'off');
	}

	get languageChosenHere(): boolean {
		return read('language') !== null;
	}
	get language(): Language {
		return (read('language') as Language | null) ?? pickLanguage(navigator.languages);
	}
	set language(language: Language) {
		write('language', language);
	}

	#paint(): void {
		const dark = this.#theme === 'dark' || (this.#theme === 'system' && this.#dark.matches);
		document.documentElement.classList.toggle('dark', dark);
		document.querySelector('meta[name="theme-color"]')?.setAttribute('content', dark ? '#101318' : '#f8fafc');
	}
}

/** The preferences of this browser. */
export const prefs = new Prefs();
