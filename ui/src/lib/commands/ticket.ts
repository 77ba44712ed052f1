/** What can be done on the open ticket. */
import { ticketPath } from '../api/tickets';
import { code, t } from '../i18n/index.svelte';
import { lastStep } from '../state/actions.svelte';
import type { Composer } from '../state/composer.svelte';
import { directory } from '../state/directory.svelte';
import { layers } from '../state/layers.svelte';
import { queues } from '../state/queue.svelte';
import { router } from '../state/router.svelte';
import { session } from '../state/session.svelte';
import type { Steps } from '../state/steps.svelte';
import type { TicketScreen } from '../state/ticket.svelte';
import { toasts } from '../state/toasts.svelte';
import { tabs } from '../ticket/timeline';
import type { Choice, Command } from './commands.svelte';

/** The neighbour of the open ticket in the list that it came from. */
export function neighbour(id: string, by: 1 | -1): string {
	const rows = queues.last?.queue.rows ?? [];
	const at = rows.findIndex((r) => r?.id === id);
	return at < 0 ? '' : (rows[at + by]?.key ?? '');
}

/** Goes to the neighbour and moves the list's own cursor with it. */
export function step(id: string, by: 1 | -1): void {
	const key = neighbour(id, by);
	if (!key) return;
	queues.last!.queue.active = queues.last!.queue.rows.findIndex((r) => r?.key === key);
	router.go(ticketPath(key));
}

export function toList(): void {
	if (queues.last) router.go(queues.last.address);
	else router.back('/queue');
}

const grades = [1, 2, 3, 4];

/** The commands of a ticket's page. */
export function ticketCommands(screen: TicketScreen, steps: Steps, composer: Composer, send: (resolve: boolean) => void): Command[] {
	const open = () => screen.phase === 'ready' && !screen.final;
	const id = () => screen.page?.ticket.id ?? '';
	const pick = (name: string, keys: string[], choices: () => Choice[]): Command => ({ id: `ticket.${name}`, keys, group: 'ticket', when: open, run: () => layers.open('palette', `ticket.${name}`), choices });
	const grade = (field: 'impact' | 'urgency') => grades.map((n): Choice => ({ id: String(n), label: code(field, String(n)), run: () => steps.grade(field, n) }));
	return [
		{ id: 'ticket.reply', keys: ['r'], group: 'ticket', when: open, run: () => composer.show('reply') },
		{ id: 'ticket.note', keys: ['n'], group: 'ticket', when: open, run: () => composer.show('note') },
		{ id: 'ticket.assignMe', keys: ['i'], group: 'ticket', when: () => open() && screen.ticket?.assignee !== session.id, run: () => steps.assign(session.id) },
		pick('assign', ['a'], () => [
			...directory.active.map((a): Choice => ({ id: a.id, label: a.name, hint: a.email, run: () => steps.assign(a.id) })),
			{ id: '', label: t('value.nobody'), run: () => steps.assign('') },
		]),
		pick('state', ['s'], () => steps.offers.filter((o) => !o.disabled).map((o): Choice => ({ id: o.to, label: o.label, hint: o.hint, run: () => steps.take(o.to) }))),
		pick('priority', ['p'], () => grades.map((n): Choice => ({ id: String(n), label: code('priority', String(n)), run: () => steps.prioritise(n) }))),
		pick('team', [], () => [...directory.teams.map((x): Choice => ({ id: x.id, label: x.name, run: () => steps.team(x.id) })), { id: '', label: t('value.none'), run: () => steps.team('') }]),
		pick('impact', [], () => grade('impact')),
		pick('urgency', [], () => grade('urgency')),
		{ id: 'ticket.resolve', keys: ['e'], group: 'ticket', when: () => open() && !!steps.offer('resolved'), run: () => steps.take('resolved') },
		{ id: 'ticket.copyLink', keys: ['y'], group: 'ticket', when: () => !!screen.page, run: () => copy(`${location.origin}${ticketPath(screen.key)}`, t('done.copiedLink')) },
		{ id: 'ticket.copyKey', group: 'ticket', when: () => !!screen.page, run: () => copy(screen.key, t('done.copied', { text: screen.key })) },
		{ id: 'ticket.previous', keys: ['['], group: 'ticket', when: () => !!neighbour(id(), -1), run: () => step(id(), -1) },
		{ id: 'ticket.next', keys: [']'], group: 'ticket', when: () => !!neighbour(id(), 1), run: () => step(id(), 1) },
		{ id: 'ticket.back', keys: ['u', 'Escape'], group: 'ticket', run: () => (composer.open ? void (composer.open = false) : toList()) },
		...tabs.map((tab, i): Command => ({ id: `ticket.tab.${tab}`, keys: [String(i + 1)], group: 'ticket', quiet: true, run: () => router.set({ tab: tab === 'all' ? null : tab }) })),
		{ id: 'ticket.undo', keys: ['z'], group: 'ticket', when: () => !!lastStep.undo, run: () => lastStep.undo?.() },
		{ id: 'ticket.actions', keys: ['.'], group: 'ticket', quiet: true, run: () => layers.open('palette') },
		{ id: 'composer.send', keys: ['mod+Enter'], group: 'composer', quiet: true, when: () => composer.open, run: () => send(false) },
		{ id: 'composer.sendResolve', keys: ['mod+Shift+Enter'], group: 'composer', when: () => composer.open && composer.face === 'reply' && open() && !!steps.offer('resolved'), run: () => send(true) },
		{ id: 'composer.turn', group: 'composer', when: () => composer.open && composer.face === 'reply' && !composer.sheet.blank, run: () => composer.turn() },
		{ id: 'composer.discard', group: 'composer', when: () => composer.open && !composer.sheet.blank, run: () => composer.discard() },
	];
}

async function copy(text: string, said: string): Promise<void> {
	try {
		await navigator.clipboard.writeText(text);
		toasts.ok(said);
	} catch {
		toasts.error(t('failure.clipboard'));
	}
}
