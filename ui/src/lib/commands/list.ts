/** What can be done in a list of tickets. */
import { ticketPath } from '../api/tickets';
import { assignToMe } from '../state/actions.svelte';
import type { Queue } from '../state/queue.svelte';
import { router } from '../state/router.svelte';
import type { Command } from './commands.svelte';

const page = 15; // rows per PgDn; chosen

/** The commands of the queue that queue() gives. */
export function listCommands(queue: () => Queue): Command[] {
	const some = () => queue().total > 0;
	const key = (id: string, keys: string[], run: () => void): Command => ({ id, keys, group: 'list', quiet: true, when: some, run });
	return [
		key('list.down', ['j', 'ArrowDown'], () => queue().move(1)),
		key('list.up', ['k', 'ArrowUp'], () => queue().move(-1)),
		key('list.open', ['Enter', 'o'], () => open(queue())),
		key('list.tab', ['Shift+Enter'], () => open(queue(), true)),
		key('list.select', ['x'], () => queue().toggle()),
		key('list.extendDown', ['Shift+j', 'Shift+ArrowDown'], () => queue().extend(1)),
		key('list.extendUp', ['Shift+k', 'Shift+ArrowUp'], () => queue().extend(-1)),
		key('list.first', ['Home'], () => queue().move(-Infinity)),
		key('list.last', ['End'], () => queue().move(Infinity)),
		key('list.pageDown', ['PageDown'], () => queue().move(page)),
		key('list.pageUp', ['PageUp'], () => queue().move(-page)),
		{ id: 'list.assignMe', keys: ['i'], group: 'list', when: () => targets(queue()).length > 0, run: () => assignToMe(targets(queue())) },
		{ id: 'list.refresh', keys: ['.'], group: 'list', when: () => queue().waiting.length > 0, run: () => queue().load(true) },
		{ id: 'list.clear', keys: ['Escape'], group: 'list', quiet: true, when: () => queue().selected.size > 0, run: () => queue().selected.clear() },
	];
}

/** The selected rows, or the active one. */
function targets(queue: Queue) {
	return queue.selected.size > 0 ? queue.selectedRows : queue.activeRow ? [queue.activeRow] : [];
}

function open(queue: Queue, tab = false): void {
	const row = queue.activeRow;
	if (!row) return;
	if (tab) window.open(ticketPath(row.key), '_blank', 'noopener');
	else router.go(ticketPath(row.key));
}
