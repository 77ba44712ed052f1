/** What lies above the page; one at a time. */
export type Layer = 'palette' | 'help' | 'notices' | 'menu' | null;

class Layers {
	/** The open layer. */
	top = $state<Layer>(null);
	/** A command whose choices the palette asks for at once. */
	picking = $state('');
	/** Typed while the palette was still on its way. */
	typed = '';

	open(layer: Exclude<Layer, null>, picking = ''): void {
		this.top = layer;
		this.picking = picking;
		this.typed = '';
	}
	close(): void {
		this.top = null;
		this.picking = '';
	}
}

export const layers = new Layers();
