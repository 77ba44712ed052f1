/** A filter term in words. */
import { code, t, type MessageKey } from '../../i18n/index.svelte';
import { listed } from '../../i18n/format';
import type { Term } from '../../queue/filter';
import { directory } from '../../state/directory.svelte';

/** One value in words: "open", "me", a name. */
export function valueWords(field: Term['field'], value: string): string {
	if (value === 'none' || value === '') return t('filter.none');
	switch (field) {
		case 'state':
			return value === 'open' ? t('filter.open') : code('state', value);
		case 'assignee':
			return value === 'me' ? t('filter.me') : (directory.agent(value)?.name ?? value);
		case 'team':
			return directory.team(value)?.name ?? value;
		case 'priority':
			return code('priority', value);
		case 'channel':
			return code('channel', value);
		case 'kind':
			return code('kind', value);
		default:
			return value;
	}
}

/** "Team: Desk", "Status: not Resolved". */
export function sentence(term: Term): string {
	const values = listed(term.values.map((v) => valueWords(term.field, v)));
	return t(term.not ? 'filter.chipNot' : 'filter.chip', { field: t(`filter.field.${term.field}` as MessageKey), values });
}
