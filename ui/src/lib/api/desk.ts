/** Who am I, what is this desk, and its first run. */
import { ask, desk, pb } from './client';
import type { Agent, CodeRow, Counts, MatrixRow, Requester, Team } from './records';

export type Me = {
	agent: Agent | null;
	requester: Requester | null;
	organization: string;
	settings: { public_url: string; undo_s: number; reopen_days?: number };
};

/** The signed-in person and what the screens must know about the desk. */
export async function me(): Promise<Me> {
	type Answer = Omit<Partial<Me>, 'organization'> & { record?: Agent | Requester; organization?: string | { name: string } };
	const answer = await desk<Answer>('me');
	const mine = (kind: string) => (pb.authStore.record?.collectionName === kind ? answer.record : undefined);
	const organization = answer.organization;
	return {
		agent: answer.agent ?? (mine('agents') as Agent | undefined) ?? null,
		requester: answer.requester ?? (mine('requesters') as Requester | undefined) ?? null,
		organization: typeof organization === 'string' ? organization : (organization?.name ?? ''),
		settings: { ...{ public_url: '', undo_s: 5 }, ...answer.settings },
	};
}

export type SetupState = { needed: boolean; organization?: string };
export type SetupForm = { code: string; name: string; email: string; password: string; organization: string; url: string; language: string };

/** Whether this desk still waits for its first administrator. */
export const setupState = () => desk<SetupState>('setup');
/** Makes administrator, organisation and public URL. */
export const setUp = (form: SetupForm) => desk<void>('setup', { method: 'POST', body: form });

/** The numbers beside the queues. */
export const counts = () => desk<Counts>('counts');

export async function agents(): Promise<Agent[]> {
	return ask(() => pb.collection('agents').getFullList<Agent>({ sort: 'name', fields: 'id,name,email,role,active,teams,away_until' }));
}
export async function teams(): Promise<Team[]> {
	return ask(() => pb.collection('teams').getFullList<Team>({ sort: 'name' }));
}
export async function holdReasons(): Promise<CodeRow[]> {
	return ask(() => pb.collection('hold_reasons').getFullList<CodeRow>({ filter: 'active = true', sort: 'order' }));
}
export async function resolutionCodes(): Promise<CodeRow[]> {
	return ask(() => pb.collection('resolution_codes').getFullList<CodeRow>({ filter: 'active = true', sort: 'order' }));
}
export async function priorityMatrix(): Promise<MatrixRow[]> {
	return ask(() => pb.collection('priority_matrix').getFullList<MatrixRow>());
}
/** Stores the agent's own settings. */
export async function saveAgent(id: string, changes: Partial<Agent>): Promise<Agent> {
	return ask(() => pb.collection('agents').update<Agent>(id, changes));
}
export async function saveRequester(id: string, changes: Partial<Requester>): Promise<Requester> {
	return ask(() => pb.collection('requesters').update<Requester>(id, changes));
}
