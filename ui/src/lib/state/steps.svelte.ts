/** The steps of a ticket's life as the server offers them, and what a step must ask first. */
import type { State, Step, Ticket } from '../api/records';
import { code, t } from '../i18n/index.svelte';
import { directory } from './directory.svelte';
import { session } from './session.svelte';
import type { TicketScreen } from './ticket.svelte';

/** What is being asked in a dialog. */
export type Asking =
	| { kind: 'hold' }
	| { kind: 'cancel' }
	| { kind: 'resolve'; text: string; done?: (changes: Partial<Ticket> | null) => void }
	| { kind: 'priority'; value: number };

/** One step as a menu shows it. */
export type Offer = { to: State; label: string; hint: string; disabled: boolean };

/** Fields that a dialog of ours asks for, so that their absence is no refusal yet. */
const asked: Partial<Record<State, readonly string[]>> = {
	on_hold: ['hold_reason', 'wake_at'],
	resolved: ['resolution', 'resolution_code'],
	cancelled: ['resolution_code', 'merged_into'],
};

export class Steps {
	asking = $state.raw<Asking | null>(null);

	constructor(readonly screen: TicketScreen) {}

	offers = $derived.by<Offer[]>(() => (this.screen.page?.steps ?? []).filter((s) => s.refusal?.code.endsWith('_not_yours') !== true).map((s) => this.#offer(s)));

	#offer(step: Step): Offer {
		const field = step.refusal?.field ?? '';
		const asks = !step.allowed && !!asked[step.to]?.includes(field);
		const takes = !step.allowed && step.to === 'in_progress' && field === 'assignee';
		const hint = takes ? t('step.takes') : step.allowed || asks ? '' : code('refusal', step.refusal?.code ?? '', step.refusal?.message ?? '');
		return { to: step.to, label: code('step', step.to, code('state', step.to)), hint, disabled: !step.allowed && !asks && !takes };
	}

	/** The step to a state, if there is one. */
	offer(to: State): Offer | undefined {
		return this.offers.find((o) => o.to === to && !o.disabled);
	}

	/** Takes a step, after asking what it needs. */
	async take(to: State): Promise<void> {
		const ticket = this.screen.ticket;
		if (!ticket || !this.offer(to)) return;
		if (to === 'on_hold') this.asking = { kind: 'hold' };
		else if (to === 'resolved') this.asking = { kind: 'resolve', text: ticket.resolution };
		else if (to === 'cancelled') this.asking = { kind: 'cancel' };
		else await this.screen.save({ state: to, ...(to === 'in_progress' && !ticket.assignee ? { assignee: session.id } : {}) }, { said: this.said(to) });
	}

	said(to: State): string {
		return t('done.state', { state: code('state', to) });
	}

	/** What a reply does to the ticket afterwards; null when the agent thought better of it. */
	async afterReply(after: 'keep' | 'waiting' | 'resolved', reply: string): Promise<Partial<Ticket> | null> {
		const ticket = this.screen.ticket!;
		if (after === 'resolved') {
			if (!this.offer('resolved')) return {};
			const last = session.agent?.last_resolution_code ?? '';
			if (last && reply && directory.resolutionCodes.some((c) => c.code === last && c.ends === 'resolved')) return { state: 'resolved', resolution: reply, resolution_code: last };
			return new Promise((done) => (this.asking = { kind: 'resolve', text: reply, done }));
		}
		if (after !== 'waiting' || this.screen.final || ticket.state === 'resolved') return {};
		if (ticket.state === 'on_hold') return ticket.hold_reason === 'awaiting_requester' ? {} : { hold_reason: 'awaiting_requester' };
		if (!ticket.assignee) await this.screen.save({ assignee: session.id }); // only a ticket that somebody has can wait
		return { state: 'on_hold', hold_reason: 'awaiting_requester' };
	}

	/** Sets the priority; another than the matrix says needs a reason. */
	async prioritise(value: number): Promise<void> {
		const ticket = this.screen.ticket!;
		const computed = directory.priority(ticket.impact, ticket.urgency) || ticket.priority_computed;
		if (value !== computed && computed !== 0) this.asking = { kind: 'priority', value };
		else await this.screen.save({ priority: value }, { said: t('done.priority', { value: code('priority', String(value)) }) });
	}

	async assign(agent: string): Promise<void> {
		if (this.screen.ticket?.assignee === agent) return;
		const name = directory.agent(agent)?.name ?? '';
		await this.screen.save({ assignee: agent }, { said: agent === session.id ? t('done.assignedMe', { count: 1 }) : agent ? t('done.assigned', { name }) : t('done.unassigned') });
	}

	async team(team: string): Promise<void> {
		if (this.screen.ticket?.team !== team) await this.screen.save({ team }, { said: t('done.team', { name: directory.team(team)?.name ?? t('value.none') }) });
	}

	async grade(field: 'impact' | 'urgency', value: number): Promise<void> {
		if (this.screen.ticket?.[field] !== value) await this.screen.save({ [field]: value }, { said: t(field === 'impact' ? 'done.impact' : 'done.urgency', { value: code(field, String(value)) }) });
	}
}
