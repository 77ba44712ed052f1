/** Dates, durations and numbers in the viewer's language, by Intl. */
import { t, words } from './index.svelte';

const formats = new Map<string, Intl.DateTimeFormat>();

function dates(options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
	const key = words.language + JSON.stringify(options);
	let format = formats.get(key);
	if (!format) formats.set(key, (format = new Intl.DateTimeFormat(locale(), options)));
	return format;
}

/** The tag for Intl. */
export function locale(): string {
	return words.language === 'zh' ? 'zh-CN' : 'en-GB';
}

/** An instant as the server writes it ("2026-11-20 13:00:00.000Z") or ISO 8601. */
export function instant(text: string): Date {
	return new Date(text.replace(' ', 'T'));
}

/** "20 Nov 2026, 13:04", in the viewer's zone. */
export function fullTime(text: string): string {
	if (!text) return '';
	return dates({ dateStyle: 'medium', timeStyle: 'short' }).format(instant(text));
}

/** "13:04". */
export function clockTime(at: Date): string {
	return dates({ timeStyle: 'short' }).format(at);
}

/** How long ago, short, for columns: "now", "3 m", "2 h", "yest.", "12 Nov". */
export function shortAgo(text: string, now: number): string {
	if (!text) return '';
	const at = instant(text);
	const minutes = Math.floor((now - at.getTime()) / 60_000);
	if (minutes < 1) return t('time.now');
	if (minutes < 60) return t('time.minutes', { n: minutes });
	if (minutes < 24 * 60) return t('time.hours', { n: Math.floor(minutes / 60) });
	if (minutes < 7 * 24 * 60) return t('time.days', { n: Math.floor(minutes / 1440) });
	const sameYear = at.getFullYear() === new Date(now).getFullYear();
	return dates(sameYear ? { day: 'numeric', month: 'short' } : { day: 'numeric', month: 'short', year: 'numeric' }).format(at);
}

/** How long ago in words: "3 minutes ago", "yesterday". */
export function longAgo(text: string, now: number): string {
	if (!text) return '';
	const seconds = Math.round((instant(text).getTime() - now) / 1000);
	const relative = new Intl.RelativeTimeFormat(locale(), { numeric: 'auto' });
	const steps: [number, Intl.RelativeTimeFormatUnit][] = [[60, 'second'], [60, 'minute'], [24, 'hour'], [7, 'day'], [5, 'week']];
	let value = seconds;
	for (const [size, unit] of steps) {
		if (Math.abs(value) < size) return unit === 'second' ? t('time.justNow') : relative.format(value, unit);
		value = Math.round(value / size);
	}
	return fullTime(text);
}

/** A size in bytes: "1.4 MB". */
export function bytes(size: number): string {
	const units = ['B', 'kB', 'MB', 'GB'];
	let i = 0;
	while (size >= 1000 && i < units.length - 1) {
		size /= 1000;
		i++;
	}
	return `${new Intl.NumberFormat(locale(), { maximumFractionDigits: size < 10 && i > 0 ? 1 : 0 }).format(size)} ${units[i]}`;
}

/** "Ada, Bo and Kim". */
export function listed(items: readonly string[]): string {
	return new Intl.ListFormat(locale(), { type: 'conjunction' }).format(items);
}
