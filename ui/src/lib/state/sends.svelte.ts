/** Replies that have not left yet: a toast counts, Undo gives the text back, after a reload as well. */
import { serverNow } from '../api/client';
import { failure } from '../api/errors';
import { fileBlob, filesOf, message, takeBack, type NewFile } from '../api/messages';
import type { Message, Ticket } from '../api/records';
import { saveTicket } from '../api/tickets';
import { instant } from '../i18n/format';
import { t, words } from '../i18n/index.svelte';
import { lastStep } from './actions.svelte';
import { bringBack, type Face } from './drafts.svelte';
import { toasts } from './toasts.svelte';

/** One reply on its way. before is what the ticket was, if sending changed it. */
export type Send = { id: string; ticket: string; key: string; face: Face; until: number; before: Partial<Ticket> | null; html: string; to?: string[]; cc?: string[] };

const storage = 'deskbell_sends';
const margin = 400; // ms kept for the way to the server; chosen

class Sends {
	/** Those that can still be taken back. */
	items = $state.raw<readonly Send[]>([]);
	#toasts = new Map<string, number>();
	#timers = new Map<string, ReturnType<typeof setTimeout>>();

	/** Follows a reply that was just sent; false when it has left already. */
	follow(sent: Message, rest: Omit<Send, 'id' | 'until'>): boolean {
		const until = sent.send_after && !sent.inbound ? instant(sent.send_after).getTime() - margin : 0;
		if (until - serverNow() < 700) return false;
		this.#add({ ...rest, id: sent.id, until });
		this.#keep();
		return true;
	}

	/** Takes up what a tab before us sent. */
	async resume(): Promise<void> {
		let kept: Send[] = [];
		try {
			kept = JSON.parse(localStorage.getItem(storage) ?? '[]') as Send[];
		} catch {
			// not ours; forgotten below
		}
		const open = kept.filter((s) => s.until > serverNow() && !this.items.some((x) => x.id === s.id));
		if (open.length > 0) await words.load('ticket');
		open.forEach((s) => this.#add(s));
		this.#keep();
	}

	/** Takes a reply back; its text, files and recipients become a draft again. */
	async undo(send: Send): Promise<void> {
		this.#end(send.id);
		try {
			const files = await this.#files(send.id);
			await takeBack(send.id);
			await bringBack(send.ticket, send.face, { html: send.html, to: send.to, cc: send.cc, at: Date.now() }, files);
			toasts.ok(t('send.takenBack'));
		} catch (thrown) {
			const why = failure(thrown);
			toasts.error(why.status === 400 || why.kind === 'missing' ? t('send.tooLate') : why.sentence);
			return;
		}
		if (send.before) await saveTicket(send.ticket, send.before).catch((thrown: unknown) => toasts.error(failure(thrown).sentence));
	}

	/** The files are still on the server until the message is taken back. */
	async #files(id: string): Promise<NewFile[]> {
		const sent = await message(id);
		return Promise.all(
			filesOf(sent).map(async (info) => {
				const blob = await fileBlob(sent, info.file);
				return { file: new File([blob], info.name, { type: info.type || blob.type }), name: info.name, cid: info.cid, inline: info.inline };
			}),
		);
	}

	#add(send: Send): void {
		this.items = [...this.items, send];
		const undo = () => this.undo(send);
		lastStep.undo = undo;
		this.#toasts.set(send.id, toasts.show({ text: t(send.before ? 'send.sentAnd' : 'send.sent', { key: send.key }), tone: 'ok', until: send.until, action: { label: t('action.undo'), run: undo } }, 0));
		this.#timers.set(
			send.id,
			setTimeout(() => {
				if (lastStep.undo === undo) lastStep.undo = null;
				this.#end(send.id);
			}, Math.max(0, send.until - serverNow())),
		);
	}

	#end(id: string): void {
		clearTimeout(this.#timers.get(id));
		const toast = this.#toasts.get(id);
		if (toast !== undefined) toasts.close(toast);
		this.items = this.items.filter((s) => s.id !== id);
		this.#keep();
	}

	#keep(): void {
		try {
			if (this.items.length > 0) localStorage.setItem(storage, JSON.stringify(this.items));
			else localStorage.removeItem(storage);
		} catch {
			// no room: undo then works in this tab only
		}
	}
}

export const sends = new Sends();
