/** The one connection to the server. Nothing outside lib/api speaks HTTP. */
import PocketBase, { LocalAuthStore, type SendOptions } from 'pocketbase';
import { failure } from './errors';

/** The PocketBase client; its auth store keeps who is signed in, for all tabs. */
export const pb = new PocketBase('/', new LocalAuthStore('deskbell_auth'));
pb.autoCancellation(false);
pb.beforeSend = (url, options) => {
	options.headers = { ...options.headers, 'X-Deskbell-Client': 'ui' }; // events then say that a person did it
	return { url, options };
};

let offset = 0;
const lost = new Set<() => void>();

pb.afterSend = (response: Response, data: unknown, request?: SendOptions) => {
	const date = response.headers.get('date');
	if (date) offset = new Date(date).getTime() - Date.now();
	// An answer to the sign-in before this one says nothing of this one.
	const asked = (request?.headers as Record<string, string> | undefined)?.Authorization;
	if (response.status === 401 && pb.authStore.token && asked === pb.authStore.token) lost.forEach((run) => run());
	return data;
};

/** The server's clock in ms, to about a second; the computer's own may be wrong. */
export function serverNow(): number {
	return Date.now() + (Math.abs(offset) > 2000 ? offset : 0);
}

/** Calls run when the server no longer knows our sign-in. Returns the way to stop. */
export function onSignInLost(run: () => void): () => void {
	lost.add(run);
	return () => lost.delete(run);
}

/** Runs a request; whatever it throws becomes a Failure. */
export async function ask<T>(request: () => Promise<T>): Promise<T> {
	try {
		return await request();
	} catch (thrown) {
		throw failure(thrown);
	}
}

/** One of our own routes under /api/desk. */
export function desk<T>(path: string, options: SendOptions = {}): Promise<T> {
	return ask(() => pb.send<T>(`/api/desk/${path}`, { method: 'GET', ...options }));
}
