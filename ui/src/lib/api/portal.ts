/** What a requester sees and does. Only fields that are theirs: the server refuses others. */
import { ask, pb } from './client';
import type { Ticket } from './records';

/** The newest 100 tickets that the signed-in requester may see. */
export async function myTickets(): Promise<Ticket[]> {
	return ask(async () => (await pb.collection('tickets').getList<Ticket>(1, 100, { sort: '-created', skipTotal: true, fields: 'id,number,key,kind,subject,state,created,updated,last_message_at,last_speaker,version' })).items);
}

/** Reports a problem in the requester's own words. */
export async function report(fields: { subject: string; description: string; urgency: number }): Promise<Ticket> {
	return ask(() => pb.collection('tickets').create<Ticket>({ kind: 'incident', ...fields, requester: pb.authStore.record?.id }));
}

/** Withdraws, confirms or reopens a ticket of one's own. */
export async function answerTicket(ticket: Ticket, changes: Partial<Pick<Ticket, 'state' | 'resolution_code'>>): Promise<Ticket> {
	return ask(() => pb.collection('tickets').update<Ticket>(ticket.id, { ...changes, version: ticket.version }));
}
