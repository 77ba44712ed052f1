/** What this agent is told: assignments and requesters' replies. */
import { markRead, notices as load } from '../api/notices';
import type { Notice } from '../api/records';
import { live } from './live.svelte';

class Notices {
	items = $state.raw<readonly Notice[]>([]);
	unread = $derived(this.items.filter((n) => !n.read).length);

	/** Loads and follows until the returned function is called. */
	follow(): () => void {
		void this.load();
		const stops = [
			live.on('notices', (change) => {
				const others = this.items.filter((n) => n.id !== change.record.id);
				this.items = change.action === 'delete' ? others : [change.record, ...others].sort((a, b) => b.created.localeCompare(a.created));
			}),
			live.onResync(() => void this.load()),
		];
		return () => stops.forEach((stop) => stop());
	}
	async load(): Promise<void> {
		this.items = await load().catch(() => this.items);
	}
	/** Marks one as read, here at once. */
	async read(id: string): Promise<void> {
		this.items = this.items.map((n) => (n.id === id ? { ...n, read: true } : n));
		await markRead(id).catch(() => undefined);
	}
	async readAll(): Promise<void> {
		await Promise.all(this.items.filter((n) => !n.read).map((n) => this.read(n.id)));
	}
}

export const notices = new Notices();
