/** Two people change one ticket: what may be laid together and what not. Pure. */
import type { Ticket } from '../api/records';

/** A field that both set, differently. */
export type Conflict = { field: keyof Ticket; mine: unknown; theirs: unknown };

const same = (a: unknown, b: unknown) => JSON.stringify(a ?? '') === JSON.stringify(b ?? '');

/** Lays my changes, made on base, over the present record: what goes on, and what both changed. */
export function merge(base: Partial<Ticket>, mine: Partial<Ticket>, present: Ticket): { changes: Partial<Ticket>; conflicts: Conflict[] } {
	const changes: Record<string, unknown> = {};
	const conflicts: Conflict[] = [];
	for (const [name, value] of Object.entries(mine)) {
		const field = name as keyof Ticket;
		if (same(value, present[field])) continue;
		if (same(base[field], present[field])) changes[name] = value;
		else conflicts.push({ field, mine: value, theirs: present[field] });
	}
	return { changes: changes as Partial<Ticket>, conflicts };
}
