/** What an agent is told on the screen. */
import { ask, pb } from './client';
import type { Notice } from './records';

export async function notices(limit = 30): Promise<Notice[]> {
	return ask(async () => (await pb.collection('notices').getList<Notice>(1, limit, { sort: '-created', skipTotal: true })).items);
}
export async function markRead(id: string): Promise<void> {
	await ask(() => pb.collection('notices').update(id, { read: true }));
}
