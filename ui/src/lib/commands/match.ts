/** Finding by typing: words in any order, initials, numbers, pinyin initials. */

// The first character of each pinyin initial in the collation order of zh-u-co-pinyin.
const heads = '阿八嚓哒妸发旮哈讥咔垃妈拏噢妑七呥仨他屲夕丫帀';
const letters = 'abcdefghjklmnopqrstwxyz';
let pinyin: Intl.Collator | undefined;

/** The pinyin initial of a Chinese character, or the character itself. */
export function initial(character: string): string {
	if (!/\p{Script=Han}/u.test(character)) return character;
	pinyin ??= new Intl.Collator('zh-u-co-pinyin');
	for (let i = heads.length - 1; i >= 0; i--) if (pinyin.compare(character, heads[i]!) >= 0) return letters[i]!;
	return character;
}

/** The initials of a text: "Assign to me" → "atm", "王芳" → "wf". */
export function initials(text: string): string {
	return text
		.split(/[\s·,.:/-]+/)
		.map((word) => (/\p{Script=Han}/u.test(word) ? [...word].map(initial).join('') : (word[0] ?? '')))
		.join('')
		.toLowerCase();
}

/** How well typed fits text: 0 not at all, more is better. */
export function score(typed: string, text: string): number {
	const want = typed.trim().toLowerCase();
	const have = text.toLowerCase();
	if (!want) return 1;
	if (have.startsWith(want)) return 5;
	const parts = want.split(/\s+/);
	const all = parts.every((part) => have.includes(part));
	if (all) return parts.every((part) => new RegExp(`(^|[^\\p{L}])${escape(part)}`, 'u').test(have)) ? 4 : 3;
	return initials(text).startsWith(want.replaceAll(' ', '')) ? 2 : 0;
}

function escape(text: string): string {
	return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}
