/** What the palette offers for what was typed. */
import { ticketPath, ticketRows } from '../api/tickets';
import { t } from '../i18n/index.svelte';
import type { IconName } from '../parts/icons';
import { parse, toServer } from '../queue/filter';
import { directory } from '../state/directory.svelte';
import { router } from '../state/router.svelte';
import { session } from '../state/session.svelte';
import { commands, labelKey, type Choice, type Command } from './commands.svelte';
import { score } from './match';

/** One line of the palette. */
export type Entry = { id: string; label: string; hint?: string; keys?: string; icon: IconName; run: Choice['run']; command?: Command };

const recentKey = 'deskbell_recent';
const limit = 12;

/** Puts a command at the head of the recent ones. */
export function remember(id: string): void {
	const next = [id, ...recent().filter((x) => x !== id)].slice(0, 5);
	localStorage.setItem(recentKey, JSON.stringify(next));
}

function recent(): string[] {
	try {
		return JSON.parse(localStorage.getItem(recentKey) ?? '[]') as string[];
	} catch {
		return [];
	}
}

/** Gives the lines at once and again when tickets were found. */
export async function entriesFor(typed: string, picking: Command | null, give: (entries: Entry[]) => void): Promise<void> {
	if (picking?.choices) {
		const choices = await picking.choices(typed);
		give(
			choices
				.map((c) => ({ c, s: score(typed, `${c.label} ${c.hint ?? ''}`) }))
				.filter((x) => x.s > 0)
				.sort((a, b) => b.s - a.s)
				.slice(0, 50)
				.map(({ c }) => ({ ...c, icon: 'right' as const })),
		);
		return;
	}
	const own = commandEntries(typed);
	give(own);
	if (typed.trim().length < 2 && !/^\d+$/.test(typed.trim())) return;
	await new Promise((done) => setTimeout(done, 120));
	const filter = toServer(parse(typed), { me: session.id, agents: directory.agents, teams: directory.teams });
	const found = await ticketRows(filter, '-created', 1, 8).catch(() => []);
	give([
		...own,
		...found.map((row) => ({ id: row.id, label: row.subject || t('ticket.noSubject'), hint: `${row.key} · ${row.expand?.requester?.name ?? ''}`, icon: 'inbox' as const, run: () => router.go(ticketPath(row.key)) })),
	]);
}

function commandEntries(typed: string): Entry[] {
	const last = recent();
	const order = { ticket: 0, composer: 1, list: 2, anywhere: 3 };
	return commands.possible
		.filter((c) => !c.quiet)
		.map((command) => {
			const label = t(labelKey(command));
			const at = last.indexOf(command.id);
			return { command, label, s: score(typed, label), recent: at < 0 ? 99 : at };
		})
		.filter((x) => x.s > 0)
		.sort((a, b) => (typed ? b.s - a.s : a.recent - b.recent) || order[a.command.group] - order[b.command.group])
		.slice(0, typed ? limit : 30)
		.map(({ command, label }) => ({ id: command.id, label, keys: command.keys?.[0], icon: iconOf(command), run: command.run, command }));
}

function iconOf(command: Command): IconName {
	const icons: Record<string, IconName> = { theme: 'moon', language: 'language', signout: 'door', help: 'keyboard', new: 'plus', notices: 'bell', density: 'list' };
	return icons[command.id] ?? (command.id.startsWith('go.') ? 'right' : command.group === 'ticket' ? 'edit' : 'circle');
}
