/** Short messages at the edge of the screen, with at most one action each. */

export type Toast = {
	id: number;
	text: string;
	tone: 'info' | 'ok' | 'error';
	/** The button, such as Undo. */
	action?: { label: string; run: () => void | Promise<void> };
	/** Ends at this server time in ms; shown as a countdown. */
	until?: number;
};

class Toasts {
	items = $state.raw<readonly Toast[]>([]);
	#next = 1;

	/** Shows a message for stay ms; 0 keeps it until closed. Errors stay longer. */
	show(toast: Omit<Toast, 'id'>, stay = toast.tone === 'error' ? 10_000 : 5_000): number {
		const id = this.#next++;
		this.items = [...this.items.slice(-3), { ...toast, id }];
		if (stay > 0 && !toast.until) setTimeout(() => this.close(id), stay);
		return id;
	}
	ok(text: string, action?: Toast['action']): number {
		return this.show({ text, tone: 'ok', action }, action ? 10_000 : 5_000);
	}
	error(text: string, action?: Toast['action']): number {
		return this.show({ text, tone: 'error', action });
	}
	close(id: number): void {
		this.items = this.items.filter((item) => item.id !== id);
	}
}

export const toasts = new Toasts();
