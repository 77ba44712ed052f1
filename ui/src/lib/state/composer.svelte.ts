/** Writing on a ticket: two faces that share nothing, their files, recipients and sending. */
import { failure } from '../api/errors';
import { addMessage, type NewFile } from '../api/messages';
import type { Message, ThreadMessage, Ticket } from '../api/records';
import { bytes } from '../i18n/format';
import { t } from '../i18n/index.svelte';
import { addressesIn, audience, isAddress, seenAddresses } from '../ticket/recipients';
import { bringBack, keepDraft, keepFiles, readDraft, readFiles, type Face, restored } from './drafts.svelte';
import { sends } from './sends.svelte';
import { session } from './session.svelte';
import type { TicketScreen } from './ticket.svelte';
import { toasts } from './toasts.svelte';

/** What becomes of the ticket after a reply. */
export const afters = ['keep', 'waiting', 'resolved'] as const;
export type After = (typeof afters)[number];

/** A file of the draft, with an address to show it by. */
export type DraftFile = NewFile & { id: string; url: string };

const largest = 50 * 2 ** 20; // bytes of one file, as the server takes
const most = 100; // files of one message, as the server takes

/** One of the two faces. */
class Sheet {
	html = $state('');
	text = $state('');
	files = $state.raw<readonly DraftFile[]>([]);
	/** Only when changed by hand; else the server's own choice. */
	to = $state.raw<readonly string[] | null>(null);
	cc = $state.raw<readonly string[] | null>(null);
	savedAt = $state(0);
	/** Counts what was put into the sheet from outside; the editor then starts anew. */
	round = $state(0);
	blank = $derived(this.text.trim() === '' && this.files.length === 0);
}

export class Composer {
	face = $state<Face>('reply');
	open = $state(false);
	busy = $state(false);
	progress = $state(0);
	error = $state('');
	sheets: Record<Face, Sheet> = { reply: new Sheet(), note: new Sheet() };
	sheet = $derived(this.sheets[this.face]);
	after = $state<After>('keep');
	/** A public message that came while a reply was being written. */
	newer = $state.raw<ThreadMessage | null>(null);
	/** The first Send only showed it. */
	warned = $state(false);

	/** Fulfilled when the files of kept drafts are there; their text is at once. */
	ready: Promise<unknown>;

	constructor(readonly screen: TicketScreen, readonly ticket: string) {
		this.after = (localStorage.getItem(`deskbell_after_${session.id}`) as After | null) ?? 'keep';
		this.ready = Promise.all([this.#read('reply'), this.#read('note')]);
	}

	/** Follows drafts that come back from an undo. */
	follow(): () => void {
		const stop = restored.on((ticket, face) => {
			if (ticket !== this.ticket) return;
			this.ready = this.#read(face);
			this.show(face);
		});
		return () => {
			stop();
			for (const sheet of Object.values(this.sheets)) sheet.files.forEach((f) => URL.revokeObjectURL(f.url));
		};
	}

	async #read(face: Face): Promise<void> {
		const draft = readDraft(this.ticket, face);
		const sheet = this.sheets[face];
		if (!draft) return;
		sheet.html = draft.html;
		sheet.text = plain(draft.html);
		sheet.to = draft.to ?? null;
		sheet.cc = draft.cc ?? null;
		sheet.savedAt = draft.at;
		sheet.round++;
		const before = sheet.files;
		const files = (await readFiles(this.ticket, face)).map(shown);
		sheet.files = [...files, ...sheet.files.filter((f) => !before.includes(f))];
		before.forEach((f) => URL.revokeObjectURL(f.url));
	}

	/** Opens a face at once, so that the next key is already text; the text of the other stays where it is. */
	show(face: Face): void {
		this.face = face;
		this.open = true;
	}

	/** Takes what was typed. */
	write(face: Face, html: string, text: string): void {
		const sheet = this.sheets[face];
		sheet.html = html;
		sheet.text = text;
		this.keep(face);
	}

	keep(face: Face): void {
		const sheet = this.sheets[face];
		const empty = sheet.blank && !sheet.to && !sheet.cc;
		const at = Date.now();
		const kept = keepDraft(this.ticket, face, empty ? null : { html: sheet.html, ...addressees(sheet), at });
		sheet.savedAt = kept && !empty ? at : 0;
	}

	/** Adds files; images pasted or dropped into the text get a Content-ID and come back. */
	attach(files: readonly File[], inline = false): DraftFile[] {
		const sheet = this.sheet;
		this.error = '';
		const added: DraftFile[] = [];
		for (const file of files) {
			if (file.size > largest) this.error = t('composer.tooLarge', { name: file.name, size: bytes(file.size), limit: bytes(largest) });
			else if (sheet.files.length + added.length >= most) this.error = t('composer.tooMany', { count: most });
			else added.push(shown({ file, name: cleanName(file.name || 'image.png'), cid: inline ? `${crypto.randomUUID()}@deskbell` : '', inline }));
		}
		sheet.files = [...sheet.files, ...added];
		void this.#keepFiles(this.face);
		this.keep(this.face);
		return added;
	}

	/** Keeps the files once the kept ones are known; they would be lost else. */
	async #keepFiles(face: Face): Promise<void> {
		await this.ready;
		await keepFiles(this.ticket, face, this.sheets[face].files.map(bare));
	}

	detach(id: string): void {
		const sheet = this.sheet;
		sheet.files.filter((f) => f.id === id).forEach((f) => URL.revokeObjectURL(f.url));
		sheet.files = sheet.files.filter((f) => f.id !== id);
		void this.#keepFiles(this.face);
		this.keep(this.face);
	}

	/** To and Cc as they will be. */
	get recipients(): { to: readonly string[]; cc: readonly string[] } {
		const usual = this.screen.page ? audience(this.screen.page) : { to: [], cc: [] };
		const { to, cc } = this.sheets.reply;
		return { to: to ?? usual.to, cc: cc ?? usual.cc };
	}
	/** Those who were never on this ticket. */
	get strangers(): string[] {
		const seen = this.screen.page ? seenAddresses(this.screen.page) : new Set<string>();
		return [...this.recipients.to, ...this.recipients.cc].filter((a) => !seen.has(a.toLowerCase()));
	}

	address(line: 'to' | 'cc', typed: string): boolean {
		const found = addressesIn(typed);
		if (found.length === 0 || !found.every(isAddress)) return false;
		const all = new Set([...this.recipients.to, ...this.recipients.cc].map((a) => a.toLowerCase()));
		this.#readdress(line, [...this.recipients[line], ...found.filter((a) => !all.has(a.toLowerCase()))]);
		return true;
	}
	unaddress(line: 'to' | 'cc', address: string): void {
		this.#readdress(line, this.recipients[line].filter((a) => a !== address));
	}
	#readdress(line: 'to' | 'cc', list: readonly string[]): void {
		const now = this.recipients;
		this.sheets.reply.to = line === 'to' ? list : now.to;
		this.sheets.reply.cc = line === 'cc' ? list : now.cc;
		this.keep('reply');
	}

	/** Moves the draft to the other face, after what stands there already. */
	turn(): void {
		const from = this.sheet;
		const face: Face = this.face === 'reply' ? 'note' : 'reply';
		const to = this.sheets[face];
		to.html += from.html;
		to.text = [to.text, from.text].filter((x) => x.trim()).join('\n');
		to.files = [...to.files, ...from.files];
		to.round++;
		void this.#keepFiles(face);
		this.keep(face);
		this.#clear(this.face, false);
		this.face = face;
	}

	/** Throws the draft away; it can be taken back. */
	discard(): void {
		const { face, sheet } = this;
		const kept = { html: sheet.html, ...addressees(sheet), at: Date.now() };
		const files = sheet.files.map(bare);
		this.#clear(face);
		this.open = false;
		toasts.ok(t('composer.discarded'), { label: t('action.undo'), run: () => bringBack(this.ticket, face, kept, files) });
	}

	#clear(face: Face, revoke = true): void {
		const sheet = this.sheets[face];
		if (revoke) sheet.files.forEach((f) => URL.revokeObjectURL(f.url));
		Object.assign(sheet, { html: '', text: '', files: [], to: null, cc: null, savedAt: 0, round: sheet.round + 1 });
		keepDraft(this.ticket, face, null);
	}

	/** Tells that somebody answered meanwhile. */
	notice(message: ThreadMessage): void {
		if (!this.open || this.face !== 'reply' || this.sheets.reply.blank) return;
		this.newer = message;
		this.warned = false;
	}

	choose(after: After): void {
		this.after = after;
		localStorage.setItem(`deskbell_after_${session.id}`, after);
	}

	/** Sends what is written. after is what becomes of the ticket; a note changes nothing. False when nothing left. */
	async send(after: After = this.face === 'reply' ? this.after : 'keep', step?: (reply: string) => Promise<Partial<Ticket> | null>): Promise<boolean> {
		const { face, sheet } = this;
		if (this.busy || sheet.blank) return false;
		if (face === 'reply' && this.newer && !this.warned) {
			this.warned = true;
			return false;
		}
		this.busy = true;
		this.error = '';
		this.progress = 0;
		try {
			const changes = after === 'keep' || !step ? null : await step(sheet.text.trim());
			if (after !== 'keep' && step && !changes) return false; // asked, and thought better of it
			const used = sheet.files.filter((f) => !f.inline || sheet.html.includes(f.cid));
			const sent = await addMessage(
				{ ticket: this.ticket, visibility: face === 'reply' ? 'public' : 'internal', html: sheet.html, ...(face === 'reply' ? addressees(sheet) : {}), files: used },
				(part) => (this.progress = part),
			);
			await this.#sent(face, sent, changes);
			return true;
		} catch (thrown) {
			this.error = failure(thrown).sentence;
			return false;
		} finally {
			this.busy = false;
		}
	}

	async #sent(face: Face, sent: Message, changes: Partial<Ticket> | null): Promise<void> {
		const { screen } = this;
		const sheet = this.sheets[face];
		const kept = { html: sheet.html, ...addressees(sheet) };
		screen.add(sent);
		this.#clear(face);
		this.newer = null;
		this.warned = false;
		this.open = false;
		if (changes && Object.keys(changes).length > 0) await screen.load(); // sending has counted the ticket's version on
		else changes = null;
		const before = changes && screen.ticket ? (Object.fromEntries(Object.keys(changes).map((f) => [f, screen.ticket![f as keyof Ticket]])) as Partial<Ticket>) : null;
		const done = changes ? await screen.save(changes, { base: screen.page!.ticket }) : true;
		const follows = face === 'reply' && sends.follow(sent, { ticket: this.ticket, key: screen.key, face, before: done ? before : null, ...kept });
		if (!follows) toasts.ok(t(face === 'note' ? 'send.noted' : 'send.sent'));
		if (!done) toasts.error(t('send.stepRefused', { why: Object.values(screen.errors)[0] ?? '' }));
	}
}

/** To and Cc, when somebody changed them. */
const addressees = ({ to, cc }: Sheet) => ({ to: to ? [...to] : undefined, cc: cc ? [...cc] : undefined });

let next = 0;

function shown(file: NewFile): DraftFile {
	return { ...file, id: `f${next++}`, url: URL.createObjectURL(file.file) };
}
const bare = ({ file, name, cid, inline }: DraftFile): NewFile => ({ file, name, cid, inline });

/** Without separators and what cannot be seen; the server cleans again. */
export function cleanName(name: string): string {
	// eslint-disable-next-line no-control-regex
	return name.replace(/[\u0000-\u001f\u007f\u200b-\u200f\u202a-\u202e\u2066-\u2069\\/:*?"<>|]/g, '_').slice(-120);
}

function plain(html: string): string {
	return new DOMParser().parseFromString(html, 'text/html').body.textContent ?? '';
}
