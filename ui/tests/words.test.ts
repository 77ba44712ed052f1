import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

/** Both languages say everything, with the same placeholders; no screen asks for a message that is not there. */
const root = new URL('../src/', import.meta.url).pathname;
const dir = join(root, 'lib/i18n');
const parts = readdirSync(join(dir, 'en'));
const read = (language: string, part: string) => JSON.parse(readFileSync(join(dir, language, part), 'utf8')) as Record<string, string>;
const placeholders = (text: string) => [...text.matchAll(/\{\{\s*([\w.]+)/g)].map((m) => m[1]).sort();

function sources(folder: string): string[] {
	return readdirSync(folder).flatMap((name) => {
		const path = join(folder, name);
		if (statSync(path).isDirectory()) return sources(path);
		return /\.(svelte|ts)$/.test(name) && !name.endsWith('.test.ts') ? [path] : [];
	});
}

describe.each(parts)('messages in %s', (part) => {
	const en = read('en', part);
	const zh = read('zh', part);
	it('exist in both languages', () => expect(Object.keys(zh).sort()).toEqual(Object.keys(en).sort()));
	it('have the same placeholders', () => {
		for (const [key, text] of Object.entries(en)) expect({ key, names: placeholders(zh[key] ?? '') }).toEqual({ key, names: placeholders(text) });
	});
	it('say something', () => {
		for (const [key, text] of [...Object.entries(en), ...Object.entries(zh)]) expect(text.trim(), key).not.toBe('');
	});
});

it('no message is in two parts', () => {
	const all = parts.flatMap((part) => Object.keys(read('en', part)));
	expect(all.filter((key, i) => all.indexOf(key) !== i)).toEqual([]);
});

it('every message that a screen names exists, and every command has one', () => {
	const known = new Set(parts.flatMap((part) => Object.keys(read('en', part))).flatMap((key) => [key, key.replace(/_(one|other|zero)$/, '')]));
	const missing: string[] = [];
	for (const path of sources(root)) {
		const text = readFileSync(path, 'utf8');
		for (const [, key] of text.matchAll(/\bt\(\s*'([\w.-]+)'/g)) if (!known.has(key!)) missing.push(`${path}: ${key}`);
		if (!path.includes('/commands/')) continue;
		for (const [, id] of text.matchAll(/\b(?:id: |go\(|key\()'([\w.]+)'/g)) if (!known.has(`command.${id}`)) missing.push(`${path}: command.${id}`);
	}
	expect(missing).toEqual([]);
});
