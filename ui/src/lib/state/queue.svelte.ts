/** One queue on the screen: rows by page, live changes, the active and the selected rows. */
import { SvelteSet } from 'svelte/reactivity';
import { Failure, failure } from '../api/errors';
import type { Ticket } from '../api/records';
import { bind, pageSize, ticketCount, ticketRows } from '../api/tickets';
import { matches, toServer, type Context, type Filter } from '../queue/filter';
import { toServerSort, type Sort } from '../queue/views';
import { live, type Change } from './live.svelte';

export type QueuePhase = 'loading' | 'ready' | 'failed';

/** A list of tickets under one filter. Rows never move by themselves: new ones
 *  wait in `waiting`, those that left the filter stay, named in `gone`. */
export class Queue {
	/** Rows by position; a hole is a row not loaded yet. */
	rows = $state.raw<readonly (Ticket | undefined)[]>([]);
	phase = $state<QueuePhase>('loading');
	failed = $state.raw<Failure | null>(null);
	/** When the rows were last right, ms. */
	loadedAt = $state(0);
	waiting = $state.raw<readonly string[]>([]);
	gone = $state.raw<ReadonlySet<string>>(new Set());
	changed = $state.raw<ReadonlySet<string>>(new Set());
	selected = new SvelteSet<string>();
	/** The row that keys act on; -1 before the first. */
	active = $state(-1);
	scrollTop = 0;
	total = $derived(this.rows.length);
	activeRow = $derived(this.rows[this.active]);
	selectedRows = $derived(this.rows.filter((r): r is Ticket => !!r && this.selected.has(r.id)));

	#asked = new Set<number>();
	#anchor = '';
	#round = 0;

	constructor(
		readonly filter: Filter,
		readonly sort: Sort,
		readonly context: () => Context,
	) {}

	/** Loads from the top. keep leaves the old rows on the screen meanwhile. */
	async load(keep = false): Promise<void> {
		const round = ++this.#round;
		if (!keep) this.phase = 'loading';
		const filter = toServer(this.filter, this.context());
		try {
			const first = await ticketRows(filter, toServerSort(this.sort), 1);
			if (round !== this.#round) return;
			this.#start(first);
			if (first.length < pageSize) return;
			const total = await ticketCount(filter);
			if (round !== this.#round || total <= this.rows.length) return;
			const rows = [...this.rows];
			rows.length = total;
			this.rows = rows;
		} catch (thrown) {
			if (round !== this.#round) return;
			this.failed = failure(thrown);
			this.phase = 'failed';
		}
	}

	#start(first: Ticket[]): void {
		const activeId = this.activeRow?.id;
		this.#asked = new Set([1]);
		this.#anchor = this.sort === '-created' ? (first[0]?.created ?? '') : '';
		this.rows = first;
		this.waiting = [];
		this.gone = new Set();
		this.failed = null;
		this.phase = 'ready';
		this.loadedAt = Date.now();
		const at = activeId ? first.findIndex((r) => r.id === activeId) : -1;
		this.active = at >= 0 ? at : Math.min(Math.max(this.active, 0), first.length - 1);
		for (const id of this.selected) if (!first.some((r) => r.id === id)) this.selected.delete(id);
	}

	/** Makes sure that the rows from..to are loaded or on their way. */
	want(from: number, to: number): void {
		for (let page = Math.floor(from / pageSize) + 1; page <= Math.floor(Math.max(from, to - 1) / pageSize) + 1; page++) {
			const hole = this.rows.slice((page - 1) * pageSize, page * pageSize).includes(undefined);
			if (!this.#asked.has(page) && (page - 1) * pageSize < this.total && hole) void this.#page(page);
		}
	}

	async #page(page: number): Promise<void> {
		const round = this.#round;
		this.#asked.add(page);
		const anchor = this.#anchor ? bind('created <= {:a}', { a: this.#anchor }) : '';
		const filter = [toServer(this.filter, this.context()), anchor].filter(Boolean).join(' && ');
		try {
			const found = await ticketRows(filter, toServerSort(this.sort), page);
			if (round !== this.#round) return;
			const rows = [...this.rows];
			const known = new Set(rows.map((r) => r?.id));
			found.filter((r) => !known.has(r.id)).forEach((r, i) => (rows[(page - 1) * pageSize + i] = r));
			// Rows that left the filter meanwhile leave holes at the end of a page: they close up.
			if (found.length < pageSize) rows.length = Math.min(rows.length, (page - 1) * pageSize + found.length);
			this.rows = rows;
		} catch (thrown) {
			if (round !== this.#round) return;
			this.#asked.delete(page);
			this.failed = failure(thrown);
		}
	}

	/** Follows the server until the returned function is called. */
	follow(): () => void {
		const stops = [live.on('tickets', (change) => this.take(change)), live.onResync(() => void this.resync())];
		return () => stops.forEach((stop) => stop());
	}

	/** Takes in one change of a ticket without moving a row. */
	take(change: Change<'tickets'>): void {
		const ticket = change.record;
		const at = this.rows.findIndex((r) => r?.id === ticket.id);
		if (at >= 0 && ticket.version < this.rows[at]!.version) return; // an answer that the events have overtaken
		const belongs = change.action !== 'delete' && matches(this.filter, ticket, this.context());
		if (at < 0) {
			if (belongs && this.phase === 'ready' && this.total === 0) return void this.load(true); // nothing is there that could move
			if (belongs && !this.waiting.includes(ticket.id)) this.waiting = [...this.waiting, ticket.id];
			if (!belongs && this.waiting.includes(ticket.id)) this.waiting = this.waiting.filter((id) => id !== ticket.id);
			return;
		}
		if (change.action !== 'delete') {
			const rows = [...this.rows];
			rows[at] = { ...ticket, expand: ticket.expand ?? rows[at]!.expand };
			this.rows = rows;
			this.changed = new Set([...this.changed, ticket.id]);
			setTimeout(() => (this.changed = new Set([...this.changed].filter((id) => id !== ticket.id))), 1200);
		}
		const gone = new Set(this.gone);
		if (belongs) gone.delete(ticket.id);
		else gone.add(ticket.id);
		this.gone = gone;
	}

	/** After a gap in the events: what is on the screen is compared with the server, nothing moves. */
	async resync(): Promise<void> {
		if (this.phase !== 'ready' || this.total === 0) return this.load(true);
		const round = this.#round;
		const filter = toServer(this.filter, this.context());
		try {
			const first = await ticketRows(filter, toServerSort(this.sort), 1);
			const found = [...first, ...(await this.#others(new Set(first.map((r) => r.id))))];
			if (round !== this.#round) return;
			for (const record of found) this.#compare(record);
			this.failed = null;
			this.loadedAt = Date.now();
		} catch (thrown) {
			this.failed = failure(thrown);
		}
	}

	/** What became of the rows that the first page no longer holds, those near the active one at least. */
	async #others(known: ReadonlySet<string>): Promise<Ticket[]> {
		const near = (at: number) => Math.abs(at - Math.max(this.active, 0));
		const ids = [...this.rows.keys()]
			.filter((at) => this.rows[at] && !known.has(this.rows[at].id))
			.sort((a, b) => near(a) - near(b))
			.slice(0, 2 * pageSize)
			.map((at) => this.rows[at]!.id);
		const pages = [ids.slice(0, pageSize), ids.slice(pageSize)].filter((page) => page.length > 0);
		const found = await Promise.all(pages.map((page) => ticketRows(page.map((id) => bind('id = {:id}', { id })).join(' || '), '-created', 1)));
		const there = new Set(found.flat().map((r) => r.id));
		this.gone = new Set([...this.gone, ...ids.filter((id) => !there.has(id))]);
		return found.flat();
	}

	#compare(record: Ticket): void {
		const known = this.rows.find((r) => r?.id === record.id);
		if (known?.version !== record.version) this.take({ topic: 'tickets', action: known ? 'update' : 'create', record });
	}

	/** Moves the active row by steps, or to an end. */
	move(by: number): void {
		if (this.total > 0) this.active = Math.min(Math.max(this.active + by, 0), this.total - 1);
	}

	/** Selects or deselects the active row. */
	toggle(id = this.activeRow?.id): void {
		if (!id) return;
		if (!this.selected.delete(id)) this.selected.add(id);
	}

	/** Moves on and selects on the way. */
	extend(by: number): void {
		if (this.activeRow) this.selected.add(this.activeRow.id);
		this.move(by);
		if (this.activeRow) this.selected.add(this.activeRow.id);
	}
}

/** Queues by address, so that coming back finds rows, scroll and active row as they were. */
class Queues {
	#kept = new Map<string, Queue>();
	/** The list that the open ticket came from; for previous and next. */
	last = $state.raw<{ address: string; queue: Queue } | null>(null);

	at(address: string, make: () => Queue): Queue {
		let queue = this.#kept.get(address);
		if (!queue) {
			queue = make();
			this.#kept.set(address, queue);
			if (this.#kept.size > 8) this.#kept.delete(this.#kept.keys().next().value!);
		}
		return queue;
	}
	/** Remembers the list on the screen and the address that shows it. */
	came(address: string, queue: Queue): void {
		this.last = { address, queue };
	}
	clear(): void {
		this.#kept.clear();
		this.last = null;
	}
}

export const queues = new Queues();
