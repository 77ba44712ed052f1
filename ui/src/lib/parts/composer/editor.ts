/** The rich text editor, loaded when somebody is about to write. */
import { Editor, type Extensions } from '@tiptap/core';
import Image from '@tiptap/extension-image';
import Placeholder from '@tiptap/extension-placeholder';
import StarterKit from '@tiptap/starter-kit';
import './prose.css';

export type Setup = {
	element: HTMLElement;
	html: string;
	label: string;
	placeholder: string;
	/** The address of an image by its Content-ID, "" when it is gone. */
	imageUrl: (cid: string) => string;
	onchange: (html: string, text: string) => void;
	onfiles: (files: File[]) => void;
	onkey: (e: KeyboardEvent) => void;
	/** Called when marks or the selection changed. */
	onselect: () => void;
};

/** An image that stands in the text; its file travels beside, named by cid. */
const inline = (url: Setup['imageUrl']) =>
	Image.extend({
		addAttributes() {
			return {
				cid: { default: '', parseHTML: (el) => (el.getAttribute('src') ?? '').replace(/^cid:/, '') },
				alt: { default: '' },
			};
		},
		parseHTML: () => [{ tag: 'img[src^="cid:"]' }],
		renderHTML: ({ node }) => ['img', { src: `cid:${node.attrs.cid as string}`, alt: node.attrs.alt as string }],
		addNodeView() {
			return ({ node }) => {
				const dom = document.createElement('img');
				dom.src = url(node.attrs.cid as string);
				dom.alt = node.attrs.alt as string;
				dom.className = 'inline-image';
				return { dom };
			};
		},
	});

export function makeEditor(setup: Setup): Editor {
	const extensions: Extensions = [
		StarterKit.configure({ heading: false, horizontalRule: false, link: { openOnClick: false, autolink: true, defaultProtocol: 'https', HTMLAttributes: { target: null, rel: null } } }),
		inline(setup.imageUrl),
		Placeholder.configure({ placeholder: setup.placeholder }),
	];
	const files = (data: DataTransfer | null): boolean => {
		const found = [...(data?.files ?? [])];
		if (found.length === 0) return false;
		setup.onfiles(found);
		return true;
	};
	const editor = new Editor({
		element: setup.element,
		extensions,
		content: setup.html,
		editorProps: {
			attributes: { role: 'textbox', 'aria-multiline': 'true', 'aria-label': setup.label, class: 'prose-edit' },
			handlePaste: (_view, e) => !e.clipboardData?.types.includes('text/html') && files(e.clipboardData),
			handleDrop: (_view, e, _slice, moved) => !moved && files(e.dataTransfer) && (e.preventDefault(), true),
			handleDOMEvents: {
				// Our keys go before those of the editor; it sees none of them.
				keydown: (_view, e) => {
					const ours = !e.isComposing && (e.key === 'Escape' || (e.key === 'Enter' && (e.ctrlKey || e.metaKey)) || (e.key.toLowerCase() === 'k' && (e.ctrlKey || e.metaKey)));
					if (ours) setup.onkey(e);
					return ours;
				},
			},
		},
		onUpdate: ({ editor: e }) => setup.onchange(e.isEmpty ? '' : e.getHTML(), e.getText({ blockSeparator: '\n' })),
		onTransaction: () => setup.onselect(),
	});
	return editor;
}

/** Puts an uploaded image where the cursor is. */
export function insertImage(editor: Editor, cid: string, alt = ''): void {
	editor.chain().focus().insertContent({ type: 'image', attrs: { cid, alt } }).run();
}

/** Changes the alternative text of an image. */
export function describeImage(editor: Editor, cid: string, alt: string): void {
	editor.commands.command(({ tr, state }) => {
		state.doc.descendants((node, pos) => {
			if (node.type.name === 'image' && node.attrs.cid === cid) tr.setNodeMarkup(pos, undefined, { ...node.attrs, alt });
		});
		return true;
	});
}

/** Takes an image out of the text. */
export function removeImage(editor: Editor, cid: string): void {
	editor.commands.command(({ tr, state }) => {
		const at: [number, number][] = [];
		state.doc.descendants((node, pos) => {
			if (node.type.name === 'image' && node.attrs.cid === cid) at.push([pos, node.nodeSize]);
		});
		for (const [pos, size] of at.reverse()) tr.delete(pos, pos + size);
		return true;
	});
}

export type { Editor };
