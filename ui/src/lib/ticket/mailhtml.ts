/** The document in which the HTML of a message is shown (SECURITY-REQUIREMENTS A2). */

export type Images = ReadonlyMap<string, string>;
export type Look = { dark: boolean; sheet: boolean };

const policy = "default-src 'none'; img-src data: blob:; style-src 'unsafe-inline'";

// Mail keeps a white sheet; what agents write follows the theme. Values are those of tokens.css.
const colours = {
	light: { ink: 'oklch(0.23 0.022 262)', muted: 'oklch(0.46 0.022 258)', link: 'oklch(0.46 0.165 256)', line: 'oklch(0.895 0.009 250)', fill: 'oklch(0.962 0.006 250)' },
	dark: { ink: 'oklch(0.945 0.006 260)', muted: 'oklch(0.755 0.018 260)', link: 'oklch(0.78 0.115 250)', line: 'oklch(0.335 0.018 262)', fill: 'oklch(0.258 0.016 262)' },
};

function styles({ dark, sheet }: Look): string {
	const c = dark && !sheet ? colours.dark : colours.light;
	return `:root{color-scheme:${dark && !sheet ? 'dark' : 'light'}}
html,body{margin:0;background:${sheet ? '#fff' : 'transparent'}}
body{padding:${sheet && dark ? '12px 14px' : '0'};color:${c.ink};font:14px/1.5 system-ui,"Segoe UI",Roboto,"PingFang SC","Microsoft YaHei","Noto Sans CJK SC",sans-serif;overflow-wrap:break-word;overflow-x:auto;overflow-y:hidden}
#body>:first-child,#body>div:first-child>:first-child{margin-top:0}#body>:last-child,#body>div:last-child>:last-child{margin-bottom:0}
p{margin:0 0 .65em}ul,ol{margin:0 0 .65em;padding-inline-start:1.6em}li>p{margin:0}
img{max-width:100%;height:auto}.blocked{display:inline-block;margin:1px;padding:1px 7px;border:1px dashed ${c.line};border-radius:4px;color:${c.muted};font-size:12px}
table{max-width:100%}pre{white-space:pre-wrap;padding:8px 10px;border-radius:6px;background:${c.fill}}code{font-family:ui-monospace,Menlo,Consolas,monospace;font-size:.92em;padding:.1em .3em;border-radius:4px;background:${c.fill}}pre code{padding:0;background:none}
blockquote{margin:.4em 0;padding:0 0 0 12px;border-inline-start:3px solid ${c.line};color:${c.muted}}
a{color:${c.link}}.host{color:${c.muted};font-size:.85em}hr{border:0;border-top:1px solid ${c.line}}`;
}

/** The addresses that are blocked, and the Content-IDs that stand in the text. */
export function wanted(html: string): { remote: string[]; cids: string[] } {
	const doc = new DOMParser().parseFromString(html, 'text/html'); // inert: loads and runs nothing
	const remote = [...doc.querySelectorAll('img[data-remote-src]')].map((img) => img.getAttribute('data-remote-src')!);
	const cids = [...doc.querySelectorAll('img[src]')].map((img) => cidOf(img)).filter(Boolean);
	return { remote: [...new Set(remote)], cids: [...new Set(cids)] };
}

function cidOf(img: Element): string {
	const src = img.getAttribute('src') ?? '';
	if (!src.startsWith('cid:')) return '';
	try {
		return decodeURIComponent(src.slice(4));
	} catch {
		return src.slice(4);
	}
}

/** The whole document for srcdoc. images maps Content-IDs ("cid:x") and remote addresses to blob: or data: URLs. */
export function frameDocument(html: string, images: Images, look: Look, lang: string): string {
	const doc = new DOMParser().parseFromString(html, 'text/html');
	for (const img of doc.querySelectorAll('img')) {
		const cid = cidOf(img);
		const remote = img.getAttribute('data-remote-src');
		const url = cid ? images.get(`cid:${cid}`) : remote ? images.get(remote) : undefined;
		if (url) img.setAttribute('src', url);
		else if (remote) img.replaceWith(placeholder(doc, img, remote));
		else if (cid) img.removeAttribute('src');
	}
	for (const link of doc.querySelectorAll('a[href]')) {
		if (!/^(https?:|mailto:|tel:)/i.test(link.getAttribute('href') ?? '')) {
			link.removeAttribute('href'); // the server has removed these already (A4)
			continue;
		}
		link.setAttribute('target', '_blank');
		link.setAttribute('rel', 'noopener noreferrer');
		const host = hostOf(link.getAttribute('href') ?? '');
		link.setAttribute('title', link.getAttribute('href') ?? '');
		if (host && lies(link.textContent ?? '', host)) {
			const shown = doc.createElement('span');
			shown.className = 'host';
			shown.textContent = ` (${host})`;
			link.after(shown);
		}
	}
	return `<!doctype html><html${lang ? ` lang="${lang}"` : ''}><head><meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="${policy}"><meta name="referrer" content="no-referrer"><style>${styles(look)}</style></head><body><div id="body" dir="auto">${doc.body.innerHTML}</div></body></html>`;
}

/** What stands for a blocked image; one too small to be seen leaves nothing. */
function placeholder(doc: Document, img: HTMLImageElement, remote: string): Node {
	const size = (name: string) => Number.parseInt(img.getAttribute(name) ?? '', 10);
	if (size('width') <= 3 || size('height') <= 3) return doc.createTextNode('');
	const shown = doc.createElement('span');
	shown.className = 'blocked';
	shown.textContent = img.alt || hostOf(remote);
	shown.title = remote;
	return shown;
}

function hostOf(href: string): string {
	if (!URL.canParse(href)) return '';
	return new URL(href).hostname;
}

/** Whether the words of a link look like an address of another host than it opens. */
export function lies(text: string, host: string): boolean {
	const shown = /^\s*(?:https?:\/\/)?(?:[^\s/@]*@)?([\p{L}\p{N}-]+(?:\.[\p{L}\p{N}-]+)+)(?:[:/?#]\S*)?\s*$/iu.exec(text)?.[1]?.toLowerCase();
	return !!shown && shown.replace(/^www\./, '') !== host.toLowerCase().replace(/^www\./, '');
}

/** The language whose glyphs a text needs, "" when the page's own will do. */
export function languageOf(text: string): string {
	if (/[\p{Script=Hiragana}\p{Script=Katakana}]/u.test(text)) return 'ja';
	if (/\p{Script=Hangul}/u.test(text)) return 'ko';
	return /\p{Script=Han}/u.test(text) ? 'zh-CN' : '';
}
