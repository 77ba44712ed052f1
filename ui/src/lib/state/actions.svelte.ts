/** Steps on tickets that lists and pages share: at once, with undo. */
import { failure } from '../api/errors';
import type { Ticket } from '../api/records';
import { saveTicket } from '../api/tickets';
import { t } from '../i18n/index.svelte';
import { session } from './session.svelte';
import { toasts } from './toasts.svelte';

/** The step that `z` takes back. */
class LastStep {
	undo = $state.raw<(() => void | Promise<void>) | null>(null);
}
export const lastStep = new LastStep();

/** Gives the tickets to the signed-in agent. */
export async function assignToMe(tickets: readonly Ticket[]): Promise<void> {
	await change(
		tickets.filter((x) => x.assignee !== session.id),
		() => ({ assignee: session.id }),
		(count) => t('done.assignedMe', { count }),
	);
}

/** Writes the same kind of change to each ticket and offers to take it all back. */
export async function change(tickets: readonly Ticket[], changes: (ticket: Ticket) => Partial<Ticket>, said: (count: number) => string): Promise<void> {
	const done: { id: string; before: Partial<Ticket>; back: boolean }[] = [];
	const refused: string[] = [];
	for (const ticket of tickets) {
		const next = changes(ticket);
		const before = Object.fromEntries(Object.keys(next).map((name) => [name, ticket[name as keyof Ticket]])) as Partial<Ticket>;
		try {
			await saveTicket(ticket.id, next);
			// What had neither assignee nor team cannot have none again: the life cycle knows no way back to new.
			done.push({ id: ticket.id, before, back: !('assignee' in next) || !!ticket.assignee || !!ticket.team });
		} catch (thrown) {
			refused.push(`${ticket.key}: ${failure(thrown).sentence}`);
		}
	}
	for (const sentence of refused.slice(0, 3)) toasts.error(sentence);
	if (done.length === 0) return;
	if (!done.every((d) => d.back)) {
		toasts.ok(said(done.length));
		return;
	}
	const undo = async () => {
		for (const { id, before } of done) {
			await saveTicket(id, before).catch((thrown: unknown) => toasts.error(failure(thrown).sentence));
		}
	};
	lastStep.undo = undo;
	toasts.ok(said(done.length), { label: t('action.undo'), run: undo });
}
