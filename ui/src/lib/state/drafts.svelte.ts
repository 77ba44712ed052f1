/** What is being written, kept in this browser per ticket and face: text at once, files beside it. */
import type { NewFile } from '../api/messages';

export type Face = 'reply' | 'note';
/** to and cc are there only when somebody changed them. */
export type Draft = { html: string; to?: string[]; cc?: string[]; at: number };

const prefix = 'deskbell_draft_';
const keep = 60 * 24 * 3_600_000; // ms until a forgotten draft goes; chosen
const name = (ticket: string, face: Face) => `${prefix}${ticket}_${face}`;

/** The kept draft, or null. */
export function readDraft(ticket: string, face: Face): Draft | null {
	try {
		return JSON.parse(localStorage.getItem(name(ticket, face)) ?? 'null') as Draft | null;
	} catch {
		return null;
	}
}

/** Keeps a draft; null removes it with its files. False when the browser has no room. */
export function keepDraft(ticket: string, face: Face, draft: Draft | null): boolean {
	try {
		if (draft) localStorage.setItem(name(ticket, face), JSON.stringify(draft));
		else {
			localStorage.removeItem(name(ticket, face));
			void keepFiles(ticket, face, []);
		}
		return true;
	} catch {
		return false;
	}
}

/** Makes a draft of what was sent or thrown away, before what has been written since. */
export async function bringBack(ticket: string, face: Face, draft: Draft, files: readonly NewFile[]): Promise<void> {
	const since = readDraft(ticket, face);
	await keepFiles(ticket, face, [...files, ...(await readFiles(ticket, face))]);
	keepDraft(ticket, face, since ? { html: draft.html + since.html, to: draft.to ?? since.to, cc: draft.cc ?? since.cc, at: draft.at } : draft);
	restored.tell(ticket, face);
}

/** Removes drafts that nobody came back to. */
export function sweepDrafts(now: number): void {
	for (const key of Object.keys(localStorage)) {
		if (!key.startsWith(prefix)) continue;
		const [ticket = '', face] = key.slice(prefix.length).split('_');
		const draft = readDraft(ticket, face as Face);
		if (!draft || now - draft.at > keep) keepDraft(ticket, face as Face, null);
	}
}

function store(): Promise<IDBDatabase> {
	return new Promise((done, failed) => {
		const request = indexedDB.open('deskbell', 1);
		request.onupgradeneeded = () => request.result.createObjectStore('files');
		request.onsuccess = () => done(request.result);
		request.onerror = () => failed(request.error);
	});
}

function inStore<T>(mode: IDBTransactionMode, run: (files: IDBObjectStore) => IDBRequest<T>): Promise<T> {
	return store().then(
		(db) =>
			new Promise<T>((done, failed) => {
				const request = run(db.transaction('files', mode).objectStore('files'));
				request.onsuccess = () => done(request.result);
				request.onerror = () => failed(request.error);
				request.transaction!.oncomplete = () => db.close();
			}),
	);
}

/** Keeps the files of a draft. Without room they live in this tab only. */
export async function keepFiles(ticket: string, face: Face, files: readonly NewFile[]): Promise<void> {
	const key = name(ticket, face);
	await inStore('readwrite', (s) => (files.length > 0 ? s.put([...files], key) : s.delete(key)) as IDBRequest<unknown>).catch(() => undefined);
}

export async function readFiles(ticket: string, face: Face): Promise<NewFile[]> {
	return ((await inStore('readonly', (s) => s.get(name(ticket, face)) as IDBRequest<NewFile[] | undefined>).catch(() => undefined)) ?? []);
}

/** Tells open composers that a draft came back from elsewhere. */
class Restored {
	#listeners = new Set<(ticket: string, face: Face) => void>();
	on(run: (ticket: string, face: Face) => void): () => void {
		this.#listeners.add(run);
		return () => this.#listeners.delete(run);
	}
	tell(ticket: string, face: Face): void {
		this.#listeners.forEach((run) => run(ticket, face));
	}
}
export const restored = new Restored();
