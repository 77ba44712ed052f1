/** Links in plain text, found in linear time; what they show is what they open. Pure. */

/** A run of text, or a link. */
export type Piece = { text: string; href?: string };

const limit = 400_000; // characters; what lies beyond stays plain text
const start = /(?:https?:\/\/|mailto:|tel:|www\.)|[\w.+-]{1,64}@/gi;
const stop = /[\s<>"'“”‘’「」『』（）【】《》，。；：！？、|\\^`]/;

/** Cuts text into runs and links. Only http, https, mailto and tel become links. */
export function linkify(text: string): Piece[] {
	const pieces: Piece[] = [];
	let done = 0;
	start.lastIndex = 0;
	for (let m = start.exec(text); m && m.index < limit; m = start.exec(text)) {
		if (m.index < done || isWord(text[m.index - 1])) continue;
		const until = end(text, m.index);
		const raw = trim(text.slice(m.index, until));
		const href = hrefOf(raw);
		if (!href) {
			start.lastIndex = until; // nothing is looked at twice
			continue;
		}
		if (m.index > done) pieces.push({ text: text.slice(done, m.index) });
		pieces.push({ text: raw, href });
		done = m.index + raw.length;
		start.lastIndex = done;
	}
	if (done < text.length) pieces.push({ text: text.slice(done) });
	return pieces;
}

const isWord = (c: string | undefined) => !!c && /[\p{L}\p{N}_@/]/u.test(c) && !/\p{Script=Han}/u.test(c);

function end(text: string, from: number): number {
	let at = from;
	while (at < text.length && at - from < 2048 && !stop.test(text[at]!)) at++;
	return at;
}

/** Without the punctuation of the sentence around it; a closing bracket stays if it was opened inside. */
function trim(raw: string): string {
	for (;;) {
		const last = raw.at(-1) ?? '';
		if (/[.,;:!?*_~]/.test(last)) raw = raw.slice(0, -1);
		else if (last === ')' && count(raw, ')') > count(raw, '(')) raw = raw.slice(0, -1);
		else if (last === ']' && count(raw, ']') > count(raw, '[')) raw = raw.slice(0, -1);
		else return raw;
	}
}

const count = (text: string, c: string) => text.split(c).length - 1;

function hrefOf(raw: string): string {
	if (/^[\w.+-]{1,64}@[\p{L}\p{N}-]+(\.[\p{L}\p{N}-]+)+$/u.test(raw)) return `mailto:${raw}`;
	if (/^(mailto|tel):\S+$/i.test(raw)) return raw;
	const address = /^www\./i.test(raw) ? `https://${raw}` : raw;
	if (!/^https?:\/\/[^/?#]+/i.test(address) || !URL.canParse(address)) return '';
	const url = new URL(address);
	return url.hostname.includes('.') || url.hostname === 'localhost' || url.hostname.startsWith('[') ? url.href : '';
}
