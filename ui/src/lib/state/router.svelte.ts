/** Where we are. The address is the only home of filters, tabs and panels. */
import { tick } from 'svelte';

/** Values of a route's `:name` parts. */
export type Params = Record<string, string>;

/** Matches a path such as "/queue/team/:id"; null when it does not fit. */
export function match(pattern: string, path: string): Params | null {
	const want = pattern.split('/');
	const have = path.replace(/(.)\/$/, '$1').split('/');
	if (want.length !== have.length) return null;
	const params: Params = {};
	for (let i = 0; i < want.length; i++) {
		const w = want[i]!;
		const h = have[i]!;
		if (w.startsWith(':')) params[w.slice(1)] = decoded(h);
		else if (w !== h) return null;
	}
	return params;
}

/** What is no UTF-8 stays as it is; no page has such a name. */
function decoded(part: string): string {
	try {
		return decodeURIComponent(part);
	} catch {
		return part;
	}
}

class Router {
	/** The present address. */
	url = $state.raw(new URL(location.href));
	path = $derived(this.url.pathname);
	query = $derived(this.url.searchParams);
	/** Said politely to screen readers after a route change. */
	announcement = $state('');
	/** Steps inside the app so far; 0 means "back" would leave it. */
	depth = 0;
	#arriving = false;

	/** Listens for back, forward and clicks on our own links. */
	start(): void {
		addEventListener('popstate', () => this.#set());
		document.addEventListener('click', (e) => this.#click(e));
	}

	/** Goes to an address of ours. replace leaves no entry in the history. */
	go(to: string, options: { replace?: boolean } = {}): void {
		const next = new URL(to, location.href);
		if (next.href === this.url.href) return;
		if (options.replace) history.replaceState({ depth: this.depth }, '', next);
		else history.pushState({ depth: ++this.depth }, '', next);
		this.#set();
	}

	/** Changes query values in place; null or "" removes one. */
	set(values: Record<string, string | null>, options: { replace?: boolean } = { replace: true }): void {
		const next = new URL(this.url);
		for (const [name, value] of Object.entries(values)) {
			if (value === null) next.searchParams.delete(name);
			else next.searchParams.set(name, value);
		}
		this.go(next.href, options);
	}

	/** Back where we came from, or to the given address when we came from outside. */
	back(otherwise: string): void {
		if (this.depth > 0) history.back();
		else this.go(otherwise, { replace: true });
	}

	/** To be called by a page when its title is known: sets it, says it and moves focus to its h1. */
	arrived(title: string, organization: string): void {
		document.title = title ? `${title} · ${organization || 'Deskbell'}` : organization || 'Deskbell';
		if (!this.#arriving) return;
		this.#arriving = false;
		this.announcement = title;
		void tick().then(() => {
			if (document.querySelector('dialog[open]')) return;
			document.querySelector<HTMLElement>('main h1')?.focus({ preventScroll: true });
		});
	}

	#set(): void {
		const before = this.url.pathname;
		this.url = new URL(location.href);
		this.depth = (history.state as { depth?: number } | null)?.depth ?? 0;
		if (before !== this.url.pathname) this.#arriving = true;
	}

	#click(e: MouseEvent): void {
		if (e.defaultPrevented || e.button !== 0 || e.metaKey || e.ctrlKey || e.shiftKey || e.altKey) return;
		const link = (e.target as Element | null)?.closest?.('a');
		if (!link || link.target || link.hasAttribute('download') || link.origin !== location.origin) return;
		if (/^\/(api|_)\//.test(link.pathname) || link.getAttribute('href')?.startsWith('#')) return;
		e.preventDefault();
		this.go(link.href);
	}
}

/** The router of this tab. */
export const router = new Router();
