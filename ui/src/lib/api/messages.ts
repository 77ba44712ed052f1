/** Messages of a ticket. */
import { ask, desk, pb } from './client';
import type { Message, Visibility } from './records';

export type NewMessage = {
	ticket: string;
	visibility: Visibility;
	html?: string;
	text?: string;
	to?: string[];
	cc?: string[];
	attachments?: File[];
};

/** Adds a message; a public one of an agent leaves at its send_after. */
export async function addMessage(message: NewMessage): Promise<Message> {
	const form = new FormData();
	form.set('ticket', message.ticket);
	form.set('visibility', message.visibility);
	if (message.html !== undefined) form.set('html', message.html);
	if (message.text !== undefined) form.set('text', message.text);
	if (message.to) form.set('to', JSON.stringify(message.to));
	if (message.cc) form.set('cc', JSON.stringify(message.cc));
	for (const file of message.attachments ?? []) form.append('attachments', file, file.name);
	return ask(() => pb.collection('messages').create<Message>(form));
}

/** Takes back a message whose send_after has not come. */
export async function takeBack(id: string): Promise<void> {
	await ask(() => pb.collection('messages').delete(id));
}

/** The untrimmed, sanitised original. */
export const original = (id: string) => desk<{ html: string; text: string }>(`messages/${id}/original`);

/** The body with its remote images led through our server. */
export async function bodyWithImages(id: string): Promise<string> {
	const answer = await desk<string | { html: string }>(`messages/${id}/html`, { query: { images: 1 } });
	return typeof answer === 'string' ? answer : answer.html;
}

/** An address for a protected file, good for a few minutes. */
export async function fileUrl(message: { id: string; collectionId?: string; collectionName?: string }, name: string, options: { thumb?: string; download?: boolean } = {}): Promise<string> {
	const token = await ask(() => fileToken());
	return pb.files.getURL({ collectionName: 'messages', ...message }, name, { token, ...options });
}

let kept = { token: '', until: 0 };

async function fileToken(): Promise<string> {
	if (Date.now() > kept.until) kept = { token: await pb.files.getToken(), until: Date.now() + 90_000 };
	return kept.token;
}
