/** Tickets: lists, one ticket with its thread, writing. */
import { ask, desk, pb } from './client';
import type { Ticket, TicketPage } from './records';

/** What a list shows; no bodies. */
const rowFields =
	'id,number,key,kind,subject,state,status,hold_reason,wake_at,requester,assignee,team,impact,urgency,priority,channel,tags,due_at,last_message_at,last_speaker,author_address,first_response_at,resolved_at,created,updated,version,confidential,major,' +
	'expand.requester.id,expand.requester.name,expand.requester.email,expand.requester.vip,expand.assignee.id,expand.assignee.name,expand.team.id,expand.team.name';

/** The relations that rows and pages name. */
export const ticketExpand = 'requester,assignee,team';

/** Rows per request. */
export const pageSize = 50;

/** One page of tickets (from 1) under a PocketBase filter. */
export async function ticketRows(filter: string, sort: string, page: number, size = pageSize): Promise<Ticket[]> {
	return ask(async () => {
		const list = await pb.collection('tickets').getList<Ticket>(page, size, { filter, sort, skipTotal: true, expand: ticketExpand, fields: rowFields });
		return list.items;
	});
}

/** How many tickets a filter has. */
export async function ticketCount(filter: string): Promise<number> {
	return ask(async () => (await pb.collection('tickets').getList(1, 1, { filter, fields: 'id' })).totalItems);
}

/** The ticket with its messages, events and possible steps in one call. */
export const ticketPage = (key: string) => desk<TicketPage>(`tickets/${encodeURIComponent(key)}`);

/** Writes some fields of a ticket. With version, a change by somebody else since then is a conflict. */
export async function saveTicket(id: string, changes: Partial<Ticket>): Promise<Ticket> {
	return ask(() => pb.collection('tickets').update<Ticket>(id, changes, { expand: ticketExpand }));
}

/** Opens a ticket. */
export async function openTicket(fields: Partial<Ticket>): Promise<Ticket> {
	return ask(() => pb.collection('tickets').create<Ticket>({ kind: 'incident', ...fields }, { expand: ticketExpand }));
}

/** Binds values into a PocketBase filter, quoted by the SDK. */
export const bind = (text: string, values: Record<string, unknown>) => pb.filter(text, values);

const folders: Record<string, string> = { INC: 'incidents', REQ: 'requests', PRB: 'problems', CHG: 'changes', REL: 'releases' };

/** The address of a ticket: INC-42 lives at /incidents/42. */
export function ticketPath(key: string): string {
	const [prefix = 'INC', number = ''] = key.split('-');
	return `/${folders[prefix] ?? 'incidents'}/${number}`;
}

/** The key for an address: /incidents/42 → INC-42; "" for the address of anything else. */
export function ticketKey(path: string): string {
	const [, folder, number, ...rest] = path.replace(/\/$/, '').split('/');
	const prefix = Object.keys(folders).find((p) => folders[p] === folder);
	return prefix && number && number !== 'new' && rest.length === 0 ? `${prefix}-${number}` : '';
}
