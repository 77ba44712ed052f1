/** Mailboxes: records, health, connection test, quarantine. */
import { ask, desk, pb } from './client';
import { failure, Failure } from './errors';
import type { InboundMail, Mailbox, MailboxStatus, TestStep } from './records';

export async function mailboxes(): Promise<Mailbox[]> {
	return ask(() => pb.collection('mailboxes').getFullList<Mailbox>({ sort: 'name' }));
}
/** What the watchers are doing, by mailbox. */
export const mailboxStatus = () => desk<Record<string, MailboxStatus>>('mailboxes/status');

/** Stores a mailbox; empty secrets keep what is stored. */
export async function saveMailbox(id: string, fields: Partial<Mailbox>): Promise<Mailbox> {
	return ask(() => (id ? pb.collection('mailboxes').update<Mailbox>(id, fields) : pb.collection('mailboxes').create<Mailbox>(fields)));
}
export async function removeMailbox(id: string): Promise<void> {
	await ask(() => pb.collection('mailboxes').delete(id));
}

/** Runs the connection test and yields each step as the server finishes it. */
export async function* testMailbox(id: string, fields: Partial<Mailbox>, signal?: AbortSignal): AsyncGenerator<TestStep> {
	const response = await fetch(`/api/desk/mailboxes/${id || 'test'}/test`, {
		method: 'POST',
		headers: { 'Content-Type': 'application/json', Authorization: pb.authStore.token },
		body: JSON.stringify(fields),
		signal,
	}).catch((thrown: unknown) => {
		throw failure(thrown);
	});
	if (!response.ok || !response.body) {
		const body = (await response.json().catch(() => ({}))) as { message?: string; data?: Record<string, { code: string; message: string }> };
		throw new Failure('refused', response.status, body.message ?? '', body.data ?? {});
	}
	let rest = '';
	for await (const chunk of chunks(response.body)) {
		const lines = (rest + chunk).split('\n');
		rest = lines.pop() ?? '';
		for (const line of lines) if (line.trim()) yield JSON.parse(line) as TestStep;
	}
	if (rest.trim()) yield JSON.parse(rest) as TestStep;
}

async function* chunks(body: ReadableStream<Uint8Array>): AsyncGenerator<string> {
	const reader = body.getReader();
	const decoder = new TextDecoder();
	try {
		for (let part = await reader.read(); !part.done; part = await reader.read()) yield decoder.decode(part.value, { stream: true });
	} finally {
		reader.releaseLock();
	}
}

export const quarantined = () => desk<{ items: InboundMail[] }>('mails', { query: { state: 'quarantined' } }).then((a) => a.items);
export const retryMail = (id: string) => desk<void>(`mails/${id}/retry`, { method: 'POST' });

/** The raw mail as a file; read with our sign-in, so not a plain link. */
export async function rawMail(id: string): Promise<Blob> {
	const response = await fetch(`/api/desk/mails/${id}/raw`, { headers: { Authorization: pb.authStore.token } });
	if (!response.ok) throw new Failure('broken', response.status, response.statusText);
	return response.blob();
}
