/** To whom a reply goes, and which of them have never been on this ticket. Pure. */
import type { TicketPage } from '../api/records';

export type Recipients = { to: string[]; cc: string[] };

const fold = (address: string) => address.trim().toLowerCase();

/** The same as the server fills in when nobody is named: the requester, participants as copy. */
export function audience(page: Pick<TicketPage, 'ticket' | 'requester' | 'participants'>): Recipients {
	const seen = new Set<string>(['']);
	const fresh = (address: string) => !seen.has(fold(address)) && !!seen.add(fold(address));
	const to = [page.requester?.email ?? '', page.ticket.author_address ?? ''].filter(fresh);
	const cc = [...page.participants.map((p) => p.email), ...(page.ticket.participant_addresses ?? [])].filter(fresh);
	return to.length > 0 ? { to, cc } : { to: cc, cc: [] };
}

/** Every address that was already on the ticket, folded. */
export function seenAddresses(page: TicketPage): Set<string> {
	const { to, cc } = audience(page);
	const all = [...to, ...cc, ...page.messages.flatMap((m) => [m.author_address, m.author.email ?? '', ...(m.to ?? []), ...(m.cc ?? [])])];
	return new Set(all.map(fold).filter(Boolean));
}

/** The name that belongs to an address, or the address. */
export function nameOf(page: Pick<TicketPage, 'requester' | 'participants'>, address: string): string {
	const person = [page.requester, ...page.participants].find((p) => p && fold(p.email) === fold(address));
	return person?.name || address;
}

/** Addresses out of typed or pasted text: commas, semicolons, lines, "Ada <ada@x>". */
export function addressesIn(text: string): string[] {
	return text
		.split(/[,;\n]+/)
		.map((part) => (/<([^<>]+)>\s*$/.exec(part)?.[1] ?? part).trim())
		.filter(Boolean);
}

/** Whether mail could be sent there; the server checks again. */
export const isAddress = (text: string) => /^[^\s@<>(),;:"]+@[^\s@<>(),;:"]+\.[^\s@<>(),;:".]{2,}$/.test(text);

/** Agents whom a text mentions as @Name. */
export function mentions<T extends { id: string; name: string }>(text: string, agents: readonly T[]): T[] {
	const names = new Set([...text.matchAll(/(?:^|[^\p{L}\p{N}._%+-])@([\p{L}\p{N}_-]{2,40})/gu)].map((m) => m[1]!.toLowerCase()));
	if (names.size === 0) return [];
	const first = (name: string) => (/\p{Script=Han}/u.test(name) ? name : (name.split(/\s+/)[0] ?? ''));
	return agents.filter((a) => names.has(first(a.name).toLowerCase()) || names.has(a.name.replaceAll(' ', '').toLowerCase()));
}
