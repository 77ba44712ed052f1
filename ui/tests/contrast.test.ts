import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

/** Recomputes the table of UX.md §3 from tokens.css, by the WCAG 2.x formula. */
type Rgb = [number, number, number];

const css = readFileSync(new URL('../src/tokens.css', import.meta.url), 'utf8');

function tokens(selector: string): Map<string, Rgb> {
	const start = css.indexOf(selector);
	const block = css.slice(start, css.indexOf('}', start));
	const found = new Map<string, Rgb>();
	for (const [, name, l, c, h] of block.matchAll(/--([\w-]+): oklch\(([\d.]+) ([\d.]+) ([\d.]+)\);/g)) {
		found.set(name!, linear(Number(l), Number(c), Number(h)));
	}
	return found;
}

/** oklch to linear sRGB, clipped to the gamut. Source: Björn Ottosson, "A perceptual color space for image processing". */
function linear(L: number, C: number, H: number): Rgb {
	const a = C * Math.cos((H * Math.PI) / 180);
	const b = C * Math.sin((H * Math.PI) / 180);
	const l = (L + 0.3963377774 * a + 0.2158037573 * b) ** 3;
	const m = (L - 0.1055613458 * a - 0.0638541728 * b) ** 3;
	const s = (L - 0.0894841775 * a - 1.291485548 * b) ** 3;
	const clip = (x: number) => Math.min(1, Math.max(0, x));
	return [
		clip(4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s),
		clip(-1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s),
		clip(-0.0041960863 * l - 0.7034186147 * m + 1.707614701 * s),
	];
}

const luminance = ([r, g, b]: Rgb) => 0.2126 * r + 0.7152 * g + 0.0722 * b;

function contrast(x: Rgb, y: Rgb): number {
	const [light, dark] = [luminance(x), luminance(y)].sort((p, q) => q - p) as [number, number];
	return (light + 0.05) / (dark + 0.05);
}

const grounds = ['bg', 'surface', 'surface-2', 'surface-3', 'accent-soft'];
const notes = ['note-bg', 'surface', 'bg'];
const pairs: [text: string, on: string[], limit: number][] = [
	['ink', grounds, 4.5],
	['ink-muted', grounds, 4.5],
	['accent-text', grounds, 4.5],
	['on-accent', ['accent'], 4.5],
	['accent', grounds, 3],
	['line-strong', grounds, 3],
	...['met', 'risk', 'breach', 'paused'].map((n): [string, string[], number] => [n, [...grounds, `${n}-soft`], 4.5]),
	['note-ink', notes, 4.5],
	['note-line', notes, 3],
];

for (const [theme, selector] of [['light', ':root {'], ['dark', ':root.dark {']] as const) {
	const all = tokens(selector);
	describe(`contrast in the ${theme} theme`, () => {
		for (const [text, on, limit] of pairs) {
			it.each(on)(`${text} on %s is at least ${limit}`, (ground) => {
				expect(contrast(all.get(text)!, all.get(ground)!)).toBeGreaterThanOrEqual(limit);
			});
		}
	});
}

describe('chart colours', () => {
	const charts = {
		light: ['#045dbb', '#b46d10', '#00774b', '#8a3d9a', '#008ba6', '#4c5666'],
		dark: ['#5ba2ef', '#eeb154', '#5ecd97', '#cd85d8', '#62c8df', '#969fae'],
	};
	const hex = (s: string): Rgb => [1, 3, 5].map((i) => parseInt(s.slice(i, i + 2), 16) / 255).map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)) as Rgb;
	for (const [theme, selector] of [['light', ':root {'], ['dark', ':root.dark {']] as const) {
		it.each(charts[theme])(`%s on the ${theme} surface is at least 3`, (colour) => {
			expect(contrast(hex(colour), tokens(selector).get('surface')!)).toBeGreaterThanOrEqual(3);
		});
	}
});
