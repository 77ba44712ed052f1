/** Who is signed in. */
import { onSignInLost, pb } from '../api/client';
import { me, saveAgent, saveRequester, type Me } from '../api/desk';
import { Failure } from '../api/errors';
import type { Agent, Requester } from '../api/records';
import { signOut } from '../api/signin';
import { words, type Language } from '../i18n/index.svelte';
import { prefs } from './prefs.svelte';

class Session {
	/** What the server says about us; null until known. */
	me = $state.raw<Me | null>(null);
	/** Which kind of person the kept sign-in belongs to. */
	kind = $state<'agent' | 'requester' | null>(null);
	id = $state('');
	/** The server no longer takes our token, but text is open on the screen. */
	expired = $state(false);
	organization = $state('');

	agent = $derived<Agent | null>(this.me?.agent ?? null);
	requester = $derived<Requester | null>(this.me?.requester ?? null);
	person = $derived(this.agent ?? this.requester);

	/** Reads the kept sign-in and follows it when another tab changes it. */
	start(): void {
		this.#read();
		pb.authStore.onChange(() => this.#read());
		onSignInLost(() => {
			if (this.kind) this.expired = true;
		});
	}

	/** Asks the server about us; failures leave what we had. */
	async load(): Promise<void> {
		if (!this.kind) return;
		try {
			this.me = await me();
			this.organization = this.me.organization;
			prefs.undoSeconds = this.me.agent?.undo_s ?? this.me.settings.undo_s;
			const language = this.person?.locale;
			if (language && !prefs.languageChosenHere) await words.use(language.startsWith('zh') ? 'zh' : 'en');
		} catch (thrown) {
			if (thrown instanceof Failure && thrown.kind === 'expired') this.#forget();
			else throw thrown;
		}
	}

	/** Uses another language now and keeps it in the profile. */
	async speak(language: Language): Promise<void> {
		prefs.language = language;
		await words.use(language);
		const locale = language === 'zh' ? 'zh' : 'en';
		if (this.agent) await saveAgent(this.agent.id, { locale }).catch(() => undefined);
		else if (this.requester) await saveRequester(this.requester.id, { locale }).catch(() => undefined);
	}

	/** Stores changes of the agent's own settings. */
	async saveSelf(changes: Partial<Agent>): Promise<void> {
		if (!this.me?.agent) return;
		const agent = await saveAgent(this.me.agent.id, changes);
		this.me = { ...this.me, agent };
		prefs.undoSeconds = agent.undo_s ?? prefs.undoSeconds;
	}

	async leave(): Promise<void> {
		await signOut();
		this.#forget();
	}

	#forget(): void {
		pb.authStore.clear();
		this.me = null;
		this.expired = false;
	}

	#read(): void {
		const { record } = pb.authStore;
		const kind = pb.authStore.token && record ? record.collectionName : '';
		this.kind = kind === 'agents' ? 'agent' : kind === 'requesters' ? 'requester' : null;
		if (this.id !== (record?.id ?? '')) this.me = null;
		this.id = this.kind ? (record?.id ?? '') : '';
		if (pb.authStore.isValid) this.expired = false;
	}
}

/** The sign-in of this browser. */
export const session = new Session();
