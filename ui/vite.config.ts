import { svelte } from '@sveltejs/vite-plugin-svelte';
import tailwind from '@tailwindcss/vite';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';
import type { Plugin } from 'vite';
import { defineConfig } from 'vitest/config';

/** The server to develop against; `make dev` starts it there. */
const server = process.env.DESKBELL_URL ?? 'http://127.0.0.1:8090';

/** Leaves a .br and a .gz beside each text file of the build; the server sends them as they are. */
function compressed(): Plugin {
	return {
		name: 'compressed',
		apply: 'build',
		closeBundle() {
			for (const entry of readdirSync('dist', { recursive: true, withFileTypes: true })) {
				if (!entry.isFile() || !/\.(js|css|html|svg|json|webmanifest)$/.test(entry.name) || entry.parentPath.endsWith('.vite')) continue;
				const path = join(entry.parentPath, entry.name);
				const plain = readFileSync(path);
				if (plain.length < 512) continue;
				writeFileSync(`${path}.br`, brotliCompressSync(plain, { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } }));
				writeFileSync(`${path}.gz`, gzipSync(plain, { level: 9 }));
			}
		},
	};
}

export default defineConfig({
	plugins: [svelte(), tailwind(), compressed()],
	server: { host: '127.0.0.1', proxy: { '/api': server, '/_/': server } },
	build: { target: 'es2023', manifest: true, sourcemap: false, modulePreload: { polyfill: false } },
	test: { include: ['tests/**/*.test.ts', 'src/**/*.test.ts'], environment: 'node' },
});
