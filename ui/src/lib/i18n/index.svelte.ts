/**
 * Words. Messages are flat i18next JSON, one file per part of the product and
 * language; a part is loaded with the screen that needs it.
 */
import i18next, { type i18n } from 'i18next';
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
	#parts = new Set<Part>(['shared']);
	#engine: i18n = i18next.createInstance();

	/** Loads the first parts; to be awaited before anything is shown. */
	async start(language: Language, ...parts: Part[]): Promise<void> {
		await this.#engine.init({
			lng: language,
			fallbackLng: false,
			resources: {},
			keySeparator: false,
			nsSeparator: false,
			interpolation: { escapeValue: false }, // Svelte escapes
			returnEmptyString: false,
		});
		parts.forEach((p) => this.#parts.add(p));
		await this.use(language);
	}

	/** Loads a further part in the present language. */
	async load(...parts: Part[]): Promise<void> {
		const missing = parts.filter((p) => !this.#parts.has(p));
		if (missing.length === 0) return;
		missing.forEach((p) => this.#parts.add(p));
		await Promise.all(missing.map((p) => this.#fetch(this.language, p)));
		this.#revision++;
	}

	/** Switches the language in place: route, drafts and focus stay. */
	async use(language: Language): Promise<void> {
		await Promise.all([...this.#parts].map((p) => this.#fetch(language, p)));
		await this.#engine.changeLanguage(language);
		this.language = language;
		this.#revision++;
		document.documentElement.lang = language === 'zh' ? 'zh-CN' : 'en';
	}

	/** Whether a message of this name is loaded. For codes made at run time. */
	has(key: string): boolean {
		void this.#revision;
		return this.#engine.exists(key) || this.#engine.exists(key, { count: 1 });
	}

	/** The message, reactive to the language. */
	text(key: string, values?: Values): string {
		void this.#revision;
		return this.#engine.t(key, values ?? {});
	}

	async #fetch(language: Language, part: Part): Promise<void> {
		if (loaded.has(`${language}/${part}`)) return;
		const file = await files[`./${language}/${part}.json`]?.();
		if (!file) return;
		loaded.add(`${language}/${part}`);
		this.#engine.addResourceBundle(language, 'translation', file.default, true, true);
	}
}

const loaded = new Set<string>();

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
