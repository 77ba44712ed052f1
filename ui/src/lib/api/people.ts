/** Requesters as agents see them. */
import { ask, desk, pb } from './client';
import type { Requester } from './records';
import { bind } from './tickets';

/** Requesters whose name, address or telephone contains the words. */
export async function findPeople(text: string, limit = 8): Promise<Requester[]> {
	const parts = text.trim().split(/\s+/).filter(Boolean);
	const filter = parts.map((part) => bind('(name ~ {:p} || email ~ {:p} || phone ~ {:p})', { p: part })).join(' && ');
	return ask(async () => (await pb.collection('requesters').getList<Requester>(1, limit, { filter, sort: 'name', skipTotal: true })).items);
}

/** The requester with this address, made if there is none. */
export const person = (fields: { email: string; name: string; phone: string }) =>
	desk<Requester>('people', { method: 'POST', body: fields });
