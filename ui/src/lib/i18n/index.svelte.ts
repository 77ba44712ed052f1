/**
 * Words. Messages are flat i18next JSON, one file per part of the product and
 * language; a part is loaded with the screen that needs it.
 */
import { has, say, type Messages } from './say';
import type enDesk from './en/desk.json';
import type enPortal from './en/portal.json';
import type enSettings from './en/settings.json';
import type enShared from './en/shared.json';
import type enOpening from './en/opening.json';
import type enTicket from './en/ticket.json';

/** A language of the screens. */
export type Language = 'en' | 'zh';
/** A part of the product with messages of its own. */
export type Part = 'shared' | 'desk' | 'ticket' | 'opening' | 'portal' | 'settings';

type Raw = keyof typeof enShared | keyof typeof enDesk | keyof typeof enPortal | keyof typeof enSettings | keyof typeof enTicket | keyof typeof enOpening;
type Base<K> = K extends `${infer B}_one` | `${infer B}_other` | `${infer B}_zero` ? B : K;
/** The name of a message, without its plural ending. */
export type MessageKey = Base<Raw>;
/** Values for the placeholders of a message; count chooses the plural. */
export type Values = Record<string, string | number> & { count?: number };

const files = import.meta.glob<{ default: Record<string, string> }>('./{en,zh}/*.json');

/** The first of the given languages that we have, else English. */
export function pickLanguage(wanted: readonly string[]): Language {
	for (const tag of wanted) {
		if (/^zh\b/i.test(tag)) return 'zh';
		if (/^en\b/i.test(tag)) return 'en';
	}
	return 'en';
}

class Words {
	/** The language shown now. */
	language = $state<Language>('en');
	#revision = $state(0);
	#loading = new Map<string, Promise<void>>();
	#parts = new Set<Part>(['shared']);
	#messages: Record<Language, Messages> = { en: {}, zh: {} };

	/** Loads the first parts; to be awaited before anything is shown. */
	async start(language: Language, ...parts: Part[]): Promise<void> {
		parts.forEach((p) => this.#parts.add(p));
		await this.use(language);
	}

	/** Loads a further part in the present language. */
	async load(...parts: Part[]): Promise<void> {
		const fresh = parts.some((p) => !this.#parts.has(p));
		parts.forEach((p) => this.#parts.add(p));
		await Promise.all(parts.map((p) => this.#fetch(this.language, p))); // also one that somebody else asked for a moment ago
		if (fresh) this.#revision++;
	}

	/** Switches the language in place: route, drafts and focus stay. */
	async use(language: Language): Promise<void> {
		await Promise.all([...this.#parts].map((p) => this.#fetch(language, p)));
		this.language = language;
		this.#revision++;
		document.documentElement.lang = language === 'zh' ? 'zh-CN' : 'en';
	}

	/** Whether a message of this name is loaded. For codes made at run time. */
	has(key: string): boolean {
		void this.#revision;
		return has(this.#messages[this.language], key);
	}

	/** The message, reactive to the language. */
	text(key: string, values?: Values): string {
		void this.#revision;
		return say(this.#messages[this.language], this.language, key, values);
	}

	#fetch(language: Language, part: Part): Promise<void> {
		const name = `${language}/${part}`;
		let loading = this.#loading.get(name);
		if (!loading) {
			loading = this.#read(language, name);
			this.#loading.set(name, loading);
			loading.catch(() => this.#loading.delete(name)); // tried again by the next caller
		}
		return loading;
	}

	async #read(language: Language, name: string): Promise<void> {
		const file = await files[`./${name}.json`]?.();
		if (file) Object.assign(this.#messages[language], file.default);
	}
}

/** The words of this tab. */
export const words = new Words();

/** The message named key, with its placeholders filled. */
export function t(key: MessageKey, values?: Values): string {
	return words.text(key, values);
}

/** The message for a code from the server, or fallback when we know no words for it. */
export function code(prefix: string, value: string, fallback = value): string {
	const key = `${prefix}.${value}`;
	return words.has(key) ? words.text(key) : fallback;
}
