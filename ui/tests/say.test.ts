import { readdirSync, readFileSync } from 'node:fs';
import i18next from 'i18next';
import { expect, it } from 'vitest';
import { say, type Messages } from '../src/lib/i18n/say';

/** Our reader of i18next JSON answers as the library does, for every message of both languages. */
const dir = new URL('../src/lib/i18n/', import.meta.url);

it.each(['en', 'zh'])('reads every message in %s as i18next does', async (language) => {
	const messages: Messages = {};
	for (const file of readdirSync(new URL(`${language}/`, dir))) Object.assign(messages, JSON.parse(readFileSync(new URL(`${language}/${file}`, dir), 'utf8')));
	const engine = i18next.createInstance();
	await engine.init({ lng: language, fallbackLng: false, resources: { [language]: { translation: messages } }, keySeparator: false, nsSeparator: false, interpolation: { escapeValue: false } });
	const names = new Set(Object.keys(messages).map((key) => key.replace(/_(zero|one|two|few|many|other)$/, '')));
	for (const key of names) {
		const fill = Object.fromEntries([...JSON.stringify(messages).matchAll(/\{\{(\w+)\}\}/g)].map((m) => [m[1]!, `<${m[1]}>`]));
		for (const count of [0, 1, 2, 21]) {
			const values = { ...fill, count };
			expect(say(messages, language, key, values), key).toBe(engine.t(key, values));
		}
	}
});
