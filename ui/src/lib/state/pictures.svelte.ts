/** The images of one message, fetched with our sign-in and shown from memory. */
import type { Images } from '../ticket/mailhtml';

const atOnce = 6; // requests at a time, as many as a browser opens to one host

export class Pictures {
	/** Addresses to show by name; each change lays the whole frame out anew. */
	shown = $state.raw<Images>(new Map());
	#asked = new Set<string>();
	#ended = false;

	/** Fetches those not asked for yet and shows them together; says how many could not be had. */
	async load(wanted: readonly [name: string, fetch: () => Promise<Blob>][]): Promise<number> {
		const fresh = wanted.filter(([name]) => !this.#asked.has(name));
		fresh.forEach(([name]) => this.#asked.add(name));
		const found: [string, string][] = [];
		const queue = [...fresh];
		const work = async () => {
			for (let next = queue.shift(); next && !this.#ended; next = queue.shift()) {
				const blob = await next[1]().catch(() => null);
				if (blob) found.push([next[0], URL.createObjectURL(blob)]);
				else this.#asked.delete(next[0]);
			}
		};
		await Promise.all(Array.from({ length: atOnce }, work));
		if (this.#ended) found.forEach(([, url]) => URL.revokeObjectURL(url));
		else if (found.length > 0) this.shown = new Map([...this.shown, ...found]);
		return fresh.length - found.length;
	}

	/** Frees what was fetched. */
	end(): void {
		this.#ended = true;
		this.shown.forEach((url) => URL.revokeObjectURL(url));
	}
}
