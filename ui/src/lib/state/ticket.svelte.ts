/** One ticket on the screen: its page, what is being written to it, what others do to it. */
import { Failure, failure } from '../api/errors';
import { publish } from '../api/messages';
import type { Message, ThreadMessage, Ticket, TicketPage } from '../api/records';
import { saveTicket, ticketPage } from '../api/tickets';
import { code, t } from '../i18n/index.svelte';
import { merge, type Conflict } from '../ticket/merge';
import { lastStep } from './actions.svelte';
import { directory } from './directory.svelte';
import { live } from './live.svelte';
import { toasts } from './toasts.svelte';

/** A conflict with who was faster, for the chooser. */
export type Clash = Conflict & { who: string; at: string };

const settle = 250; // ms in which several events make one request; chosen

export class TicketScreen {
	page = $state.raw<TicketPage | null>(null);
	phase = $state<'loading' | 'ready' | 'failed'>('loading');
	failed = $state.raw<Failure | null>(null);
	/** Changes shown already, not confirmed yet. */
	saving = $state.raw<Partial<Ticket>>({});
	/** Why the last change of a field was refused. */
	errors = $state.raw<Readonly<Record<string, string>>>({});
	clashes = $state.raw<readonly Clash[]>([]);
	/** Fields that somebody else changed a moment ago. */
	changed = $state.raw<ReadonlySet<string>>(new Set());

	ticket = $derived<Ticket | null>(this.page ? { ...this.page.ticket, ...this.saving } : null);
	final = $derived(['closed', 'cancelled', 'rejected'].includes(this.ticket?.state ?? ''));

	#writes: Promise<unknown> = Promise.resolve();
	#soon: ReturnType<typeof setTimeout> | undefined;
	#gone = false;
	#asked = 0;
	#answered = 0;

	constructor(readonly key: string) {}

	async load(): Promise<void> {
		const round = ++this.#asked;
		try {
			const page = await ticketPage(this.key);
			if (this.#gone || round < this.#answered) return;
			this.#answered = round;
			this.page = page;
			this.failed = null;
			this.phase = 'ready';
		} catch (thrown) {
			if (this.#gone || round < this.#answered) return;
			this.failed = failure(thrown);
			if (!this.page || this.failed.kind === 'missing') this.phase = 'failed';
		}
	}

	/** Follows the server until the returned function is called. */
	follow(): () => void {
		const stops = [
			live.on('tickets', ({ record }) => this.#takeTicket(record)),
			live.on('messages', ({ action, record }) => this.#takeMessage(action, record)),
			live.onResync(() => this.reload()),
		];
		return () => {
			this.#gone = true;
			clearTimeout(this.#soon);
			stops.forEach((stop) => stop());
		};
	}

	/** Loads again in a moment; many calls make one request. */
	reload(): void {
		clearTimeout(this.#soon);
		this.#soon = setTimeout(() => void this.load(), settle);
	}

	#takeTicket(record: Ticket): void {
		if (!this.page || record.id !== this.page.ticket.id || record.version < this.page.ticket.version) return;
		const before = this.page.ticket;
		const fields = Object.keys(record).filter((f) => f in before && !(f in this.saving) && JSON.stringify(record[f as keyof Ticket]) !== JSON.stringify(before[f as keyof Ticket]));
		if (record.version > before.version) this.#mark(fields);
		this.page = { ...this.page, ticket: { ...before, ...record } };
		this.reload();
	}

	#mark(fields: string[]): void {
		this.changed = new Set([...this.changed, ...fields]);
		setTimeout(() => (this.changed = new Set([...this.changed].filter((f) => !fields.includes(f)))), 1200);
	}

	#takeMessage(action: string, record: Message): void {
		if (!this.page || record.ticket !== this.page.ticket.id) return;
		const others = this.page.messages.filter((m) => m.id !== record.id);
		if (action === 'delete') this.page = { ...this.page, messages: others };
		else {
			const known = this.page.messages.find((m) => m.id === record.id);
			const next: ThreadMessage = { ...(known ?? { author: authorOf(record, this.page), mail: '' }), ...record };
			const messages = known ? this.page.messages.map((m) => (m.id === record.id ? next : m)) : [...others, next];
			this.page = { ...this.page, messages };
		}
		this.reload();
	}

	/** A message of our own, shown before the server tells of it. */
	add(message: Message): void {
		this.#takeMessage('create', message);
	}

	/**
	 * Writes some fields: shown at once, put back with the reason when refused.
	 * What somebody else changed meanwhile is laid together field by field.
	 */
	save(changes: Partial<Ticket>, options: { said?: string; base?: Ticket } = {}): Promise<boolean> {
		const base = options.base ?? this.ticket!;
		const names = Object.keys(changes);
		this.errors = without(this.errors, [...names, 'state']);
		this.saving = { ...this.saving, ...changes };
		const run = this.#writes.then(() => this.#write(changes, base));
		this.#writes = run;
		return run.then((done) => {
			this.saving = without(this.saving, names.filter((f) => this.saving[f as keyof Ticket] === changes[f as keyof Ticket]));
			if (done && options.said !== undefined) this.#offerUndo(changes, base, options.said);
			this.reload();
			return done;
		});
	}

	async #write(changes: Partial<Ticket>, base: Ticket): Promise<boolean> {
		let present = this.page!.ticket;
		for (let round = 0; round < 4; round++) {
			const merged = merge(base, changes, present);
			if (merged.conflicts.length > 0) this.#clash(merged.conflicts);
			if (Object.keys(merged.changes).length === 0) return merged.conflicts.length === 0;
			try {
				const saved = await saveTicket(present.id, { ...merged.changes, version: present.version });
				if (this.page && saved.version >= this.page.ticket.version) this.page = { ...this.page, ticket: { ...this.page.ticket, ...saved } };
				return merged.conflicts.length === 0;
			} catch (thrown) {
				const why = failure(thrown);
				if (why.kind !== 'conflict' || !why.present) return this.#refused(why, merged.changes);
				present = { ...present, ...(why.present as Ticket) };
				if (this.page) this.page = { ...this.page, ticket: present };
			}
		}
		return this.#refused(new Failure('conflict', 409, t('failure.conflict')), changes);
	}

	#refused(why: Failure, changes: Partial<Ticket>): false {
		const named = Object.keys(why.fields).filter((f) => f !== 'state' || !Object.keys(why.fields).some((x) => x !== 'state'));
		const errors: Record<string, string> = {};
		for (const field of named) errors[field] = why.field(field);
		const asked = Object.keys(changes)[0] ?? 'state';
		if (named.length === 0 || !named.some((f) => f in changes)) errors['state' in changes ? 'state' : asked] = why.sentence;
		this.errors = { ...this.errors, ...errors };
		return false;
	}

	#clash(conflicts: readonly Conflict[]): void {
		void this.load().then(() => {
			const events = this.page?.events ?? [];
			const clashes = conflicts.map((c) => {
				const by = events.findLast((e) => c.field in ((e.data?.changes ?? {}) as object));
				return { ...c, who: by?.actor_name || t('event.system'), at: by?.at ?? '' };
			});
			this.clashes = [...this.clashes.filter((c) => !conflicts.some((x) => x.field === c.field)), ...clashes];
		});
	}

	/** Ends a clash: mine is written over theirs, or theirs stays. */
	async settleClash(clash: Clash, keepMine: boolean): Promise<void> {
		this.clashes = this.clashes.filter((c) => c !== clash);
		if (keepMine) await this.save({ [clash.field]: clash.mine }, { base: this.page!.ticket });
	}

	#offerUndo(changes: Partial<Ticket>, base: Ticket, said: string): void {
		const before = Object.fromEntries(Object.keys(changes).map((f) => [f, base[f as keyof Ticket]])) as Partial<Ticket>;
		const undo = async () => {
			if (lastStep.undo === undo) lastStep.undo = null;
			const done = await this.save(before, { base: this.page!.ticket });
			if (!done) toasts.error(Object.values(this.errors)[0] ?? t('failure.title'));
		};
		lastStep.undo = undo;
		if (said) toasts.ok(said, { label: t('action.undo'), run: undo });
	}

	/** Makes a stranger's message part of the conversation. */
	async publish(id: string): Promise<void> {
		try {
			this.#takeMessage('update', await publish(id));
		} catch (thrown) {
			toasts.error(failure(thrown).sentence);
		}
	}

	/** The words of a refusal of a step, in the viewer's language. */
	reason(to: string): string {
		const refusal = this.page?.steps.find((s) => s.to === to)?.refusal;
		return refusal ? code('refusal', refusal.code, refusal.message) : '';
	}
}

function without<T extends object>(from: T, names: readonly string[]): T {
	return Object.fromEntries(Object.entries(from).filter(([name]) => !names.includes(name))) as T;
}

function authorOf(m: Message, page: TicketPage): ThreadMessage['author'] {
	if (m.author_agent) return { kind: 'agent', id: m.author_agent, name: directory.agent(m.author_agent)?.name ?? m.author_name };
	const person = [page.requester, ...page.participants].find((p) => p && p.id === m.author_requester);
	if (person) return { kind: 'requester', id: person.id, name: person.name || person.email, email: person.email };
	if (m.author_requester || m.inbound) return { kind: 'requester', id: m.author_requester, name: m.author_name || m.author_address, email: m.author_address };
	return { kind: 'system', id: '', name: m.author_name };
}
