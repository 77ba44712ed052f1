/** Plain lines to HTML and back, for fields in which people write no HTML. */

const entities: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

/** Each line of the text on a line of its own; nothing in it is markup. */
export function toHtml(text: string): string {
	return text
		.trim()
		.replace(/[&<>"]/g, (c) => entities[c]!)
		.split('\n')
		.join('<br>');
}

/** The words of simple HTML, line by line. */
export function toText(html: string): string {
	const lines = html.replace(/<br\s*\/?>/gi, '\n').replace(/<\/(p|div|li)>/gi, '\n');
	return (new DOMParser().parseFromString(lines, 'text/html').body.textContent ?? '').trim();
}
