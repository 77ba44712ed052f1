/** Focus for the one field that a page or form is about, without the attribute that jumps on every load. */
import type { Attachment } from 'svelte/attachments';

/** Focuses the element when it appears, if wanted. */
export function focusIf(wanted: boolean): Attachment<HTMLElement> {
	return (element) => {
		if (wanted) setTimeout(() => element.focus({ preventScroll: true }), 0); // after the page moved focus to its h1
	};
}
