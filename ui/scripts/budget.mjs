// Measures the built files, brotli-compressed, against UX.md §8.
import { readFileSync } from 'node:fs';
import { brotliCompressSync } from 'node:zlib';

const dist = new URL('../dist/', import.meta.url);
const manifest = JSON.parse(readFileSync(new URL('.vite/manifest.json', dist), 'utf8'));
const size = (file) => brotliCompressSync(readFileSync(new URL(file, dist))).length;

/** A chunk with everything that it imports at once. */
function closure(name, files = new Set()) {
	const chunk = manifest[name];
	if (!chunk) throw new Error(`no ${name} in the manifest`);
	if (files.has(chunk.file)) return files;
	files.add(chunk.file);
	chunk.css?.forEach((file) => files.add(file));
	chunk.imports?.forEach((next) => closure(next, files));
	return files;
}

const sum = (files) => [...files].reduce((total, file) => total + size(file), 0);
const shell = ['index.html', 'theme.js', 'favicon.svg'];
const screen = (...chunks) => new Set([...shell, ...chunks.flatMap((chunk) => [...closure(chunk)])]);
const words = (part) => ['en', 'zh'].map((l) => `src/lib/i18n/${l}/${part}.json`).sort((a, b) => size(manifest[b].file) - size(manifest[a].file))[0];

const first = {
	workspace: { limit: 90_000, files: screen('index.html', 'src/routes/Workspace.svelte', words('shared'), words('desk')) },
	portal: { limit: 60_000, files: screen('index.html', 'src/routes/portal/Portal.svelte', words('shared'), words('portal')) },
};
let failed = false;
const say = (what, bytes, limit) => {
	const over = bytes > limit;
	failed ||= over;
	console.log(`${over ? 'OVER' : 'ok  '}  ${what.padEnd(44)} ${(bytes / 1000).toFixed(1).padStart(7)} kB of ${limit / 1000} kB`);
};
for (const [name, { limit, files }] of Object.entries(first)) say(`first screen: ${name}`, sum(files), limit);

const entry = closure('index.html');
const lazy = Object.keys(manifest).filter((name) => manifest[name].isDynamicEntry);
for (const name of lazy) {
	const bytes = sum([...closure(name)].filter((file) => !entry.has(file) && !first.workspace.files.has(file)));
	if (bytes > 20_000) say(`lazy: ${name}`, bytes, 150_000);
	else if (bytes > 150_000) failed = true;
}
process.exit(failed ? 1 : 0);
