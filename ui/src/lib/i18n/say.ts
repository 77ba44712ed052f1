/**
 * Reads flat i18next JSON (format 4: plural endings by Intl.PluralRules, _zero for none,
 * {{placeholders}}). The library itself would be a fifth of the portal's first
 * screen; tests/say.test.ts holds this to its answers for every message.
 */

/** Messages by name, plural forms as name_one, name_other. */
export type Messages = Record<string, string>;

const rules = new Map<string, Intl.PluralRules>();

function ending(language: string, count: number): string {
	let rule = rules.get(language);
	if (!rule) rules.set(language, (rule = new Intl.PluralRules(language)));
	return rule.select(count);
}

/** Whether there is a message of this name. */
export function has(messages: Messages, key: string): boolean {
	return key in messages || `${key}_other` in messages;
}

/** The message with its placeholders filled; its own name when there is none. */
export function say(messages: Messages, language: string, key: string, values: Record<string, string | number> = {}): string {
	const count = values.count;
	const plural = typeof count === 'number' ? ((count === 0 ? messages[`${key}_zero`] : undefined) ?? messages[`${key}_${ending(language, count)}`] ?? messages[`${key}_other`]) : undefined;
	const text = plural ?? messages[key] ?? key;
	return text.replace(/\{\{\s*([\w.]+)\s*\}\}/g, (whole, name: string) => (name in values ? String(values[name]) : whole));
}
