/** Signing in and out. */
import { ask, desk, pb } from './client';

/** An agent, by password. */
export async function signInAgent(email: string, password: string): Promise<void> {
	await ask(() => pb.collection('agents').authWithPassword(email, password));
}

/** Asks for a code by mail. The answer is the same whether the address is known or not. */
export async function requestCode(email: string): Promise<string> {
	return (await ask(() => pb.collection('requesters').requestOTP(email))).otpId;
}

/** A requester, by the mailed code. */
export async function signInRequester(otpId: string, mailedCode: string): Promise<void> {
	await ask(() => pb.collection('requesters').authWithOTP(otpId, mailedCode));
}

/** Ends the sign-in here and on the server. */
export async function signOut(): Promise<void> {
	const { token } = pb.authStore;
	pb.authStore.clear(); // first, so that nothing on the screen asks with a token that ends
	try {
		await desk<void>('signout', { method: 'POST', headers: { Authorization: token } });
	} catch {
		// Offline or already signed out: the token is forgotten all the same.
	}
}
