/** The one line of time on a ticket: messages, and between them what changed. Pure. */
import type { ThreadMessage, TicketEvent } from '../api/records';

/** The faces of the timeline; each has a tab. */
export const tabs = ['all', 'public', 'notes', 'history'] as const;
export type Tab = (typeof tabs)[number];

export type Entry =
	| { kind: 'message'; id: string; at: string; message: ThreadMessage }
	| { kind: 'changes'; id: string; at: string; events: TicketEvent[] }
	| { kind: 'folded'; id: string; at: string; entries: Entry[] };

/** Fields that follow from others; nobody set them. */
const followed = new Set(['last_message_at', 'last_speaker', 'first_response_at', 'priority_computed', 'resolved_at', 'closed_at', 'due_at', 'reopened', 'version', 'allowed', 'allowed_requesters', 'number', 'key', 'kind', 'channel', 'mailbox', 'delivery', 'delivery_note', 'message_id']);

/** The order in which a sentence names fields. */
const order = ['state', 'hold_reason', 'wake_at', 'assignee', 'team', 'impact', 'urgency', 'priority'];
const place = (field: string) => (order.indexOf(field) + order.length + 1) % (order.length + 1);

/** The changes of an event that a person would name: field, before, after. */
export function changesOf(event: TicketEvent): [field: string, before: unknown, after: unknown][] {
	const changes = (event.data?.changes ?? {}) as Record<string, [unknown, unknown]>;
	return Object.entries(changes)
		.filter(([field, pair]) => !followed.has(field) && Array.isArray(pair) && !(blank(pair[0]) && blank(pair[1])))
		.map(([field, [before, after]]): [string, unknown, unknown] => [field, before, after])
		.sort((a, b) => place(a[0]) - place(b[0]));
}

/** Whether a stored value says nothing. */
export function blank(value: unknown): boolean {
	return value === null || value === undefined || value === '' || value === 0 || value === false || (Array.isArray(value) && value.length === 0);
}

/** Whether the timeline tells of an event; the history tab has all of them. */
export function tells(event: TicketEvent): boolean {
	if (event.type === 'message.added') return false; // the message itself stands there
	if (event.type === 'ticket.changed' || event.type === 'message.changed') return changesOf(event).length > 0;
	return true;
}

const time = (text: string) => Date.parse(text.replace(' ', 'T'));

/** Messages and events in order; events between two messages are one entry. */
export function timeline(messages: readonly ThreadMessage[], events: readonly TicketEvent[], tab: Tab): Entry[] {
	const shown = tab === 'history' ? [] : messages.filter((m) => tab === 'all' || (m.visibility === 'public') === (tab === 'public'));
	const told = tab === 'all' ? events.filter(tells) : tab === 'history' ? events.filter((e) => tells(e) || e.type === 'message.added') : [];
	const all = [
		...shown.map((message): Entry => ({ kind: 'message', id: message.id, at: message.created, message })),
		...told.map((event): Entry => ({ kind: 'changes', id: event.id, at: event.at, events: [event] })),
	].sort((a, b) => time(a.at) - time(b.at) || rank(a) - rank(b));
	if (tab === 'history') return all;
	const entries: Entry[] = [];
	for (const entry of all) {
		const last = entries.at(-1);
		if (entry.kind === 'changes' && last?.kind === 'changes') last.events.push(...entry.events);
		else entries.push(entry);
	}
	return entries;
}

/** What happened at the same instant: the opening, the message, then its effects. */
function rank(entry: Entry): number {
	if (entry.kind === 'message') return 1;
	return entry.kind === 'changes' && entry.events[0]?.type === 'ticket.opened' ? 0 : 2;
}

const head = 2; // messages that stay above the fold; chosen
const tail = 8; // and below

/** Folds the middle of a long thread into one entry; from names a message that must stay open. */
export function fold(entries: readonly Entry[], from = ''): Entry[] {
	const at = entries.flatMap((e, i) => (e.kind === 'message' ? [i] : []));
	if (at.length <= head + tail + 2) return [...entries];
	const first = at[head]!;
	const open = from ? entries.findIndex((e) => e.id === from) : -1;
	const last = Math.min(at[at.length - tail]!, open > first ? open : Infinity);
	if (open >= 0 && open <= first) return [...entries];
	const middle = entries.slice(first, last);
	if (middle.length < 2) return [...entries];
	return [...entries.slice(0, first), { kind: 'folded', id: `fold-${middle[0]!.id}`, at: middle[0]!.at, entries: middle }, ...entries.slice(last)];
}

/** How many messages an entry stands for. */
export function messagesIn(entries: readonly Entry[]): number {
	return entries.filter((e) => e.kind === 'message').length;
}
