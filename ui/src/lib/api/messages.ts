/** Messages of a ticket, their files and their originals. */
import { ask, desk, pb } from './client';
import { Failure } from './errors';
import type { FileInfo, Message, Visibility } from './records';
import { uploader } from './upload';

/** A file that goes with a message; with a cid it stands in the text. */
export type NewFile = { file: File; name: string; cid: string; inline: boolean };

/** Picked files as they go with a message. */
export const asFiles = (files: readonly File[]): NewFile[] => files.map((file) => ({ file, name: file.name, cid: '', inline: false }));

export type NewMessage = {
	ticket: string;
	visibility: Visibility;
	html?: string;
	text?: string;
	to?: readonly string[];
	cc?: readonly string[];
	files?: readonly NewFile[];
	/** Files that stand nowhere in the text. */
	attachments?: readonly File[];
};

/** Adds a message; a public one of an agent leaves at its send_after. progress goes from 0 to 1. */
export async function addMessage(message: NewMessage, progress?: (part: number) => void): Promise<Message> {
	const form = new FormData();
	form.set('ticket', message.ticket);
	form.set('visibility', message.visibility);
	if (message.html !== undefined) form.set('html', message.html);
	if (message.text !== undefined) form.set('text', message.text);
	if (message.to) form.set('to', JSON.stringify(message.to));
	if (message.cc) form.set('cc', JSON.stringify(message.cc));
	const files = [...(message.files ?? []), ...(message.attachments ?? []).map((file): NewFile => ({ file, name: file.name, cid: '', inline: false }))];
	for (const { file, name } of files) form.append('attachments', file, name);
	const info = files.map(({ file, name, cid, inline }) => ({ name, type: file.type || 'application/octet-stream', size: file.size, cid, inline }));
	if (info.length > 0) form.set('attachment_info', JSON.stringify(info));
	return ask(() => pb.collection('messages').create<Message>(form, files.length > 0 && progress ? { fetch: uploader(progress) } : {}));
}

/** Takes back a message whose send_after has not come. */
export async function takeBack(id: string): Promise<void> {
	await ask(() => pb.collection('messages').delete(id));
}

export async function message(id: string): Promise<Message> {
	return ask(() => pb.collection('messages').getOne<Message>(id));
}

/** Shows to everybody on the ticket what a stranger wrote. */
export async function publish(id: string): Promise<Message> {
	return ask(() => pb.collection('messages').update<Message>(id, { visibility: 'public' }));
}

/** The untrimmed, sanitised original. */
export const original = (id: string) => desk<{ html: string; text: string }>(`messages/${id}/original`);

/** A remote image of a mail, fetched by our server. */
export function remoteImage(id: string, url: string): Promise<Blob> {
	return blob(`/api/desk/image?${new URLSearchParams({ message: id, url })}`);
}

/** What is known of each stored file of a message, in their order. */
export function filesOf(of: Pick<Message, 'attachments' | 'attachment_info'>): FileInfo[] {
	const known = of.attachment_info ?? [];
	return (of.attachments ?? []).map((file, i) => {
		const info = known.find((k) => k.file === file) ?? (known[i] && !known[i].file ? known[i] : undefined);
		return { name: file, type: '', size: 0, cid: '', inline: false, ...info, file };
	});
}

type Owner = { id: string; collectionId?: string; collectionName?: string };

/** An address for a protected file, good for a few minutes. */
export async function fileUrl(of: Owner, name: string, options: { thumb?: string; download?: boolean } = {}): Promise<string> {
	const token = await ask(() => fileToken());
	return pb.files.getURL({ collectionName: 'messages', ...of }, name, { token, ...options });
}

/** The bytes of a protected file. */
export async function fileBlob(of: Owner, name: string): Promise<Blob> {
	return blob(await fileUrl(of, name));
}

async function blob(url: string): Promise<Blob> {
	const response = await ask(() => fetch(url, { headers: { Authorization: pb.authStore.token } }));
	if (!response.ok) throw new Failure(response.status === 404 ? 'missing' : 'broken', response.status, response.statusText);
	return response.blob();
}

let kept = { token: '', until: 0 };

async function fileToken(): Promise<string> {
	if (Date.now() > kept.until) kept = { token: await pb.files.getToken(), until: Date.now() + 90_000 };
	return kept.token;
}
