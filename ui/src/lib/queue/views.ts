/** The fixed queues: their address and what they always ask for. */
import type { Filter } from './filter';

/** A queue by its address. id names the team of a team queue. */
export type View = { name: 'all' | 'mine' | 'unassigned' | 'team'; id: string; base: Filter };

/** What a queue shows when the address says nothing else. */
export const defaultQuery = 'state:open';

const base = (field?: 'assignee' | 'team', value = ''): Filter => ({ terms: field ? [{ field, values: [value], not: false }] : [], words: [] });

/** The queue at a path such as /queue/mine. */
export function viewOf(path: string): View {
	const [, , name = 'all', id = ''] = path.split('/');
	if (name === 'mine') return { name, id: '', base: base('assignee', 'me') };
	if (name === 'unassigned') return { name, id: '', base: base('assignee', 'none') };
	if (name === 'team') return { name, id, base: base('team', id) };
	return { name: 'all', id: '', base: base() };
}

/** Orders that the list knows; the first is the default. */
export const sorts = ['-created', '-updated', 'priority', 'created'] as const;
export type Sort = (typeof sorts)[number];

/** The server's words for an order: priority 0 means "not set" and comes last by age only. */
export function toServerSort(sort: Sort): string {
	return sort === 'priority' ? 'priority,-created' : sort;
}
