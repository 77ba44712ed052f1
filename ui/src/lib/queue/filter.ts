/**
 * The text form of a filter, such as `state:open assignee:me "exact words"`,
 * its chips, the server's filter and the same question asked of one ticket.
 */
import { finished, type Agent, type State, type Team, type Ticket } from '../api/records';
import { bind } from '../api/tickets';

export const fields = ['state', 'assignee', 'team', 'priority', 'channel', 'tag', 'kind'] as const;
export type Field = (typeof fields)[number];
/** One condition; several values mean "one of them". */
export type Term = { field: Field; values: readonly string[]; not: boolean };
export type Filter = { terms: readonly Term[]; words: readonly string[] };

/** Who asks, and the names behind the words. */
export type Context = { me: string; agents: readonly Agent[]; teams: readonly Team[] };

/** Reads the text form. Unknown fields are taken as words, so nothing is lost. */
export function parse(text: string): Filter {
	const terms: Term[] = [];
	const words: string[] = [];
	for (const [, minus, name, quoted, plain, phrase, word] of text.matchAll(/(?:(-)?([a-z]+):(?:"([^"]*)"|(\S+)))|"([^"]*)"|(\S+)/g)) {
		if (name === undefined) {
			const found = phrase ?? word ?? '';
			if (found) words.push(found);
		} else if ((fields as readonly string[]).includes(name)) {
			const value = quoted ?? plain ?? '';
			terms.push({ field: name as Field, values: quoted === undefined ? value.split(',').filter(Boolean) : [value], not: minus === '-' });
		} else words.push(`${minus ?? ''}${name}:${quoted ?? plain ?? ''}`);
	}
	return { terms, words };
}

/** The text form of a filter; parse reads it back. */
export function format(filter: Filter): string {
	const quote = (s: string) => (/[\s,"]/.test(s) ? `"${s.replaceAll('"', '')}"` : s);
	return [
		...filter.terms.map((x) => `${x.not ? '-' : ''}${x.field}:${x.values.length === 1 ? quote(x.values[0]!) : x.values.join(',')}`),
		...filter.words.map((w) => (/\s/.test(w) ? quote(w) : w)),
	].join(' ');
}

/** Two filters as one. */
export function both(a: Filter, b: Filter): Filter {
	return { terms: [...a.terms, ...b.terms], words: [...a.words, ...b.words] };
}

const columns: Record<Field, string> = { state: 'state', assignee: 'assignee', team: 'team', priority: 'priority', channel: 'channel', tag: 'tags', kind: 'kind' };

/** The stored value behind a word: me, none, a name. */
function stored(field: Field, value: string, context: Context): string {
	if (value === 'none') return '';
	if (field === 'assignee') {
		if (value === 'me') return context.me;
		return byName(context.agents, value)?.id ?? value;
	}
	if (field === 'team') return byName(context.teams, value)?.id ?? value;
	return value;
}

function byName<T extends { id: string; name: string }>(rows: readonly T[], value: string): T | undefined {
	const folded = value.toLowerCase();
	return rows.find((r) => r.id === value || r.name.toLowerCase() === folded);
}

/** The filter for PocketBase; every value is bound, none is pasted. */
export function toServer(filter: Filter, context: Context): string {
	return [...filter.terms.map((term) => termToServer(term, context)), ...filter.words.map(wordToServer)].filter(Boolean).join(' && ');
}

function termToServer(term: Term, context: Context): string {
	const parts = term.values.flatMap((value) => {
		if (term.field === 'state' && value === 'open') return [`(${finished.map((s) => `state != '${s}'`).join(' && ')})`];
		if (term.field === 'tag') return [bind('tags ~ {:v}', { v: `"${value}"` })];
		if (term.field === 'priority') return [`priority = ${Number.parseInt(value, 10) || 0}`];
		return [bind(`${columns[term.field]} = {:v}`, { v: stored(term.field, value, context) })];
	});
	if (parts.length === 0) return '';
	if (!term.not) return parts.length === 1 ? parts[0]! : `(${parts.join(' || ')})`;
	return term.values
		.map((value) => {
			if (term.field === 'state' && value === 'open') return `(${finished.map((s) => `state = '${s}'`).join(' || ')})`;
			if (term.field === 'tag') return bind('tags !~ {:v}', { v: `"${value}"` });
			if (term.field === 'priority') return `priority != ${Number.parseInt(value, 10) || 0}`;
			return bind(`${columns[term.field]} != {:v}`, { v: stored(term.field, value, context) });
		})
		.join(' && ');
}

function wordToServer(word: string): string {
	const number = /^(?:[a-z]{3}-)?0*(\d{1,9})$/i.exec(word)?.[1];
	const text = bind('(subject ~ {:w} || requester.name ~ {:w} || requester.email ~ {:w})', { w: word });
	return number ? `(number = ${number} || ${text})` : text;
}

/** Whether a ticket belongs to the filter. Needed for live changes, which arrive unfiltered. */
export function matches(filter: Filter, ticket: Ticket, context: Context): boolean {
	return filter.terms.every((term) => term.values.length === 0 || term.values.some((v) => has(ticket, term.field, v, context)) !== term.not) && filter.words.every((w) => hasWord(ticket, w));
}

function has(ticket: Ticket, field: Field, value: string, context: Context): boolean {
	switch (field) {
		case 'state':
			return value === 'open' ? !finished.includes(ticket.state) : ticket.state === (value as State);
		case 'tag':
			return (ticket.tags ?? []).includes(value);
		case 'priority':
			return ticket.priority === (Number.parseInt(value, 10) || 0);
		default:
			return (ticket[field] ?? '') === stored(field, value, context);
	}
}

function hasWord(ticket: Ticket, word: string): boolean {
	const requester = ticket.expand?.requester;
	const text = `${ticket.key} ${ticket.number} ${ticket.subject} ${requester?.name ?? ''} ${requester?.email ?? ''}`.toLowerCase();
	return text.includes(word.toLowerCase());
}
