/** Whether the dark colours are on; for what lives outside the page's own styles. */
class Painted {
	dark = $state(document.documentElement.classList.contains('dark'));
	constructor() {
		new MutationObserver(() => (this.dark = document.documentElement.classList.contains('dark'))).observe(document.documentElement, { attributeFilter: ['class'] });
	}
}
export const painted = new Painted();
