/** The people and words that lists and menus need, loaded once per tab. */
import { agents, holdReasons, priorityMatrix, resolutionCodes, teams } from '../api/desk';
import type { Agent, CodeRow, MatrixRow, Team } from '../api/records';
import { code, words } from '../i18n/index.svelte';

class Directory {
	agents = $state.raw<readonly Agent[]>([]);
	teams = $state.raw<readonly Team[]>([]);
	holdReasons = $state.raw<readonly CodeRow[]>([]);
	resolutionCodes = $state.raw<readonly CodeRow[]>([]);
	matrix = $state.raw<readonly MatrixRow[]>([]);
	#codes: Promise<void> | null = null;

	/** Agents who can be given work. */
	active = $derived(this.agents.filter((a) => a.active !== false));

	/** Agents and teams; for the frame. A failure leaves what was there. */
	async load(): Promise<void> {
		await Promise.all([
			agents().then((rows) => (this.agents = rows), () => undefined),
			teams().then((rows) => (this.teams = rows), () => undefined),
		]);
	}

	/** Reasons, codes and the matrix; for the ticket page. */
	loadCodes(): Promise<void> {
		this.#codes ??= Promise.all([
			holdReasons().then((rows) => (this.holdReasons = rows)),
			resolutionCodes().then((rows) => (this.resolutionCodes = rows)),
			priorityMatrix().then((rows) => (this.matrix = rows)),
		]).then(
			() => undefined,
			() => {
				this.#codes = null; // tried again by the next page
			},
		);
		return this.#codes;
	}

	agent(id: string): Agent | undefined {
		return this.agents.find((a) => a.id === id);
	}
	team(id: string): Team | undefined {
		return this.teams.find((x) => x.id === id);
	}

	/** The words of a row that an administrator edits, in the viewer's language. */
	label(row: CodeRow, kind: 'hold' | 'resolution'): string {
		const label = row.label;
		if (label && typeof label === 'object') return label[words.language] || label.en || row.code;
		return code(kind, row.code, label || row.code);
	}

	/** The priority that the matrix gives, 0 when it has no such row. */
	priority(impact: number, urgency: number): number {
		return this.matrix.find((m) => m.impact === impact && m.urgency === urgency)?.priority ?? 0;
	}
}

export const directory = new Directory();
