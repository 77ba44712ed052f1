/** What happened on a ticket, in the viewer's words. */
import type { TicketEvent, TicketPage } from '../api/records';
import { fullTime } from '../i18n/format';
import { code, t, words as language, type MessageKey } from '../i18n/index.svelte';
import { directory } from '../state/directory.svelte';
import { blank, changesOf } from './timeline';

/** Fields whose value is too long for a sentence. */
const long = new Set(['description', 'resolution', 'html', 'text', 'to', 'cc', 'participants', 'participant_addresses', 'readers', 'data']);

/** The name of a field, as the panel writes it. */
export function fieldName(field: string): string {
	return code('field', field, field.replaceAll('_', ' '));
}

/** The same inside a sentence. */
export function fieldWord(field: string): string {
	const name = fieldName(field);
	return language.language === 'en' ? name.toLowerCase() : name;
}

/** A stored value in words. */
export function valueName(field: string, value: unknown, page: Pick<TicketPage, 'requester' | 'participants'> | null = null): string {
	if (blank(value)) return t(field === 'assignee' ? 'value.nobody' : 'value.none');
	const text = Array.isArray(value) ? value.join(language.language === 'zh' ? '、' : ', ') : String(value);
	switch (field) {
		case 'assignee':
			return directory.agent(text)?.name ?? text;
		case 'team':
			return directory.team(text)?.name ?? text;
		case 'requester':
			return [page?.requester, ...(page?.participants ?? [])].find((p) => p?.id === text)?.name || t('value.somebody');
		case 'state':
			return code('state', text);
		case 'hold_reason':
			return codeName(text, 'hold');
		case 'resolution_code':
			return codeName(text, 'resolution');
		case 'impact':
		case 'urgency':
		case 'priority':
			return code(field, text);
		case 'wake_at':
			return fullTime(text);
		case 'visibility':
			return code('visibility', text);
		default:
			return value === true ? t('value.yes') : text;
	}
}

function codeName(value: string, kind: 'hold' | 'resolution'): string {
	const row = (kind === 'hold' ? directory.holdReasons : directory.resolutionCodes).find((r) => r.code === value);
	return row ? directory.label(row, kind) : code(kind, value);
}

/** Who did it: a person, or the desk itself. */
export function actorOf(event: TicketEvent): string {
	if (event.actor_name) return event.actor_name;
	return t(event.source === 'mail' ? 'event.byMail' : 'event.system');
}

/** One event as a sentence; detailed also says what was before. */
export function sentence(event: TicketEvent, page: TicketPage, detailed = false): string {
	const who = actorOf(event);
	if (event.type === 'ticket.changed') return changed(who, event, page, detailed);
	if (event.type === 'ticket.opened') return t(event.source === 'mail' ? 'event.openedByMail' : 'event.opened', { who });
	if (event.type === 'message.changed') {
		const [field, , after] = changesOf(event)[0] ?? [];
		if (field === 'visibility' && after === 'public') return t('event.published', { who });
	}
	if (event.type === 'message.added' && event.data?.visibility === 'internal' && event.data.inbound === true) return t('event.held', { who });
	if (event.type === 'message.added') return t(event.data?.visibility === 'internal' ? 'event.noted' : 'event.wrote', { who });
	const reason = typeof event.data?.reason === 'string' ? code('event.reason', event.data.reason) : '';
	const key = `event.${event.type}`;
	return language.has(key) ? t(key as MessageKey, { who, reason }) : `${who}: ${event.type}`;
}

function changed(who: string, event: TicketEvent, page: TicketPage, detailed: boolean): string {
	const changes = changesOf(event);
	const taken = changes.find(([field]) => field === 'assignee')?.[2];
	const alone = changes.every(([field, , after]) => field === 'assignee' || (field === 'state' && after === 'assigned'));
	if (!detailed && taken && alone && directory.agent(String(taken))?.name === event.actor_name) return t('event.took', { who });
	const pieces = changes
		.filter(([field]) => field !== 'priority_reason')
		.map(([field, before, after]) => {
			if (long.has(field)) return t('change.new', { field: fieldWord(field) });
			const words = { field: fieldWord(field), value: valueName(field, after, page), before: valueName(field, before, page) };
			return t(detailed && !blank(before) ? 'change.fromTo' : 'change.set', words);
		});
	const list = pieces.length > 1 ? pieces.slice(0, -1).join(t('change.comma')) + t('change.and') + pieces.at(-1)! : (pieces[0] ?? '');
	const reason = changes.find(([field]) => field === 'priority_reason')?.[2];
	return t('event.changed', { who, changes: list }) + (blank(reason) ? '' : t('change.because', { reason: String(reason) }));
}

/** Why a mail stands on this ticket. */
export function whyHere(how: string): string {
	return code('thread', how, how);
}
