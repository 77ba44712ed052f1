/** The numbers beside the queues, asked for at most once a second. */
import { counts } from '../api/desk';
import type { Counts } from '../api/records';
import { live } from './live.svelte';

class QueueCounts {
	now = $state.raw<Counts | null>(null);
	#due: ReturnType<typeof setTimeout> | undefined;

	/** Loads and follows until the returned function is called. */
	follow(): () => void {
		void this.load();
		const stops = [live.on('tickets', () => this.soon()), live.onResync(() => this.soon())];
		return () => stops.forEach((stop) => stop());
	}
	/** Loads within a second; many calls make one request. */
	soon(): void {
		this.#due ??= setTimeout(() => {
			this.#due = undefined;
			void this.load();
		}, 1000);
	}
	async load(): Promise<void> {
		this.now = await counts().catch(() => this.now);
	}
}

export const queueCounts = new QueueCounts();
