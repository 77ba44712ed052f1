import { svelte } from '@sveltejs/vite-plugin-svelte';
import tailwind from '@tailwindcss/vite';
import { defineConfig } from 'vitest/config';

/** The server to develop against; `make dev` starts it there. */
const server = process.env.DESKBELL_URL ?? 'http://127.0.0.1:8090';

export default defineConfig({
	plugins: [svelte(), tailwind()],
	server: { host: '127.0.0.1', proxy: { '/api': server, '/_/': server } },
	build: { target: 'es2023', manifest: true, sourcemap: false, modulePreload: { polyfill: false } },
	test: { include: ['tests/**/*.test.ts', 'src/**/*.test.ts'], environment: 'node' },
});
