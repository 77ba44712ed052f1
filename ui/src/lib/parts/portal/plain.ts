/** A ticket's state as a requester sees it. */
import { t } from '../../i18n/index.svelte';
import { finished, type State } from '../../api/records';

export type Plain = 'received' | 'working' | 'waiting' | 'done' | 'withdrawn';

/** Folds the states of the practices into five plain ones. */
export function plain(state: State): Plain {
	if (state === 'cancelled' || state === 'rejected') return 'withdrawn';
	if (finished.includes(state)) return 'done';
	if (state === 'new' || state === 'assigned' || state === 'draft') return 'received';
	return state === 'on_hold' || state === 'pending_approval' ? 'waiting' : 'working';
}

/** The word for it. */
export const plainWord = (state: State) => t(`portal.state.${plain(state)}`);
