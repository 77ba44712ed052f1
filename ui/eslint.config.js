import js from '@eslint/js';
import svelte from 'eslint-plugin-svelte';
import globals from 'globals';
import ts from 'typescript-eslint';

export default ts.config(
	{ ignores: ['dist', 'node_modules', 'test-results', 'playwright-report', 'src/lib/generated'] },
	js.configs.recommended,
	...ts.configs.recommended,
	...svelte.configs['flat/recommended'],
	{ languageOptions: { globals: { ...globals.browser, ...globals.node } } },
	{ files: ['**/*.svelte', '**/*.svelte.ts'], languageOptions: { parserOptions: { parser: ts.parser } } },
	{
		rules: {
			'no-undef': 'off', // TypeScript knows better
			'svelte/no-navigation-without-resolve': 'off', // SvelteKit only
			'svelte/prefer-svelte-reactivity': 'off', // sets here are replaced, not changed
			'no-unused-private-class-members': 'off', // does not know ??=
			'svelte/no-at-html-tags': 'error', // text from people is a text node, always
			'@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
		},
	},
);
