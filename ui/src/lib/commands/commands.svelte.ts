/**
 * The one table of what can be done. Keys, palette, menus and the help sheet
 * all read it; a part of the screen adds its commands while it is there.
 */
import { untrack } from 'svelte';
import type { MessageKey } from '../i18n/index.svelte';

/** A value to choose for a command that needs one. */
export type Choice = { id: string; label: string; hint?: string; run: () => void | Promise<void> };

/** One thing that can be done. Its label is the message "command.<id>". */
export type Command = {
	id: string;
	/** "r", or "g i" for g then i; "mod" is Ctrl, or ⌘ on a Mac. Several are alternatives. */
	keys?: readonly string[];
	group: 'anywhere' | 'list' | 'ticket' | 'composer';
	/** Offered only while true; always when missing. */
	when?: () => boolean;
	run: () => void | Promise<void>;
	/** The choices of a command that needs a value; the palette becomes their picker. */
	choices?: (text: string) => Choice[] | Promise<Choice[]>;
	/** Kept out of the palette: moving about in a list makes no sense there. */
	quiet?: boolean;
};

/** The message that names a command. */
export const labelKey = (command: { id: string }) => `command.${command.id}` as MessageKey;

class Commands {
	#sets = $state.raw<readonly (readonly Command[])[]>([]);
	/** All commands, the newest set first: a ticket's "e" goes before the list's. */
	all = $derived(this.#sets.flat());

	/** Adds commands until the returned function is called. */
	add(commands: readonly Command[]): () => void {
		this.#sets = [commands, ...untrack(() => this.#sets)];
		return () => (this.#sets = this.#sets.filter((s) => s !== commands));
	}

	/** Those that can be done now. */
	get possible(): Command[] {
		return this.all.filter((c) => c.when?.() ?? true);
	}

	byId(id: string): Command | undefined {
		return this.all.find((c) => c.id === id);
	}
}

export const commands = new Commands();
