/** Times at which a held ticket wakes up, as people say them. Pure; in the viewer's zone. */

export type Preset = { id: 'hour' | 'afternoon' | 'tomorrow' | 'monday' | 'week'; at: Date };

const morning = 9; // o'clock; chosen
const afternoon = 14;

/** The presets that still lie ahead. */
export function presets(now: Date): Preset[] {
	const day = (days: number, hour: number) => new Date(now.getFullYear(), now.getMonth(), now.getDate() + days, hour);
	const toMonday = (8 - (now.getDay() || 7)) % 7 || 7;
	const all: Preset[] = [
		{ id: 'hour', at: new Date(Math.ceil((now.getTime() + 3_600_000) / 300_000) * 300_000) },
		{ id: 'afternoon', at: day(0, afternoon) },
		{ id: 'tomorrow', at: day(1, morning) },
		{ id: 'monday', at: day(toMonday, morning) },
		{ id: 'week', at: day(7, morning) },
	];
	return all.filter((p) => (p.id === 'hour' || p.at.getTime() - now.getTime() > 3_600_000) && !(p.id === 'monday' && toMonday === 1));
}

/** A time for an input of type datetime-local. */
export function localInput(at: Date): string {
	const two = (n: number) => String(n).padStart(2, '0');
	return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}T${two(at.getHours())}:${two(at.getMinutes())}`;
}
