import { describe, expect, it } from 'vitest';
import type { ThreadMessage, Ticket, TicketEvent, TicketPage } from '../src/lib/api/records';
import { linkify } from '../src/lib/ticket/linkify';
import { lies, languageOf } from '../src/lib/ticket/mailhtml';
import { merge } from '../src/lib/ticket/merge';
import { addressesIn, audience, isAddress, mentions, seenAddresses } from '../src/lib/ticket/recipients';
import { changesOf, fold, messagesIn, tells, timeline } from '../src/lib/ticket/timeline';
import { localInput, presets } from '../src/lib/ticket/wake';

const message = (id: string, created: string, visibility = 'public') => ({ id, created, visibility, author: { kind: 'requester', id: '', name: '' }, to: [], cc: [], author_address: '' }) as unknown as ThreadMessage;
const event = (id: string, at: string, type: string, data: object = {}) => ({ id, at, type, actor_name: 'Kim', source: 'ui', data }) as TicketEvent;
const changed = (id: string, at: string, changes: object) => event(id, at, 'ticket.changed', { changes });

describe('timeline', () => {
	const messages = [message('m1', '2026-11-20 10:00:00.000Z'), message('m2', '2026-11-20 10:05:00.000Z', 'internal'), message('m3', '2026-11-20 10:09:00.000Z')];
	const events = [
		event('e0', '2026-11-20T10:00:00.000Z', 'ticket.opened'),
		event('e1', '2026-11-20T10:00:00.000Z', 'message.added'),
		changed('e2', '2026-11-20T10:01:00.000Z', { priority: [4, 2] }),
		changed('e3', '2026-11-20T10:02:00.000Z', { state: ['new', 'assigned'], assignee: ['', 'kim'] }),
		changed('e4', '2026-11-20T10:05:00.000Z', { last_speaker: ['', 'agent'], version: [1, 2] }),
	];
	it('orders both forms of an instant and joins runs of changes', () => {
		const ids = timeline(messages, events, 'all').map((e) => (e.kind === 'changes' ? e.events.map((x) => x.id).join('+') : e.id));
		expect(ids).toEqual(['e0', 'm1', 'e2+e3', 'm2', 'm3']);
	});
	it('shows one face per tab', () => {
		expect(timeline(messages, events, 'public').map((e) => e.id)).toEqual(['m1', 'm3']);
		expect(timeline(messages, events, 'notes').map((e) => e.id)).toEqual(['m2']);
		expect(timeline(messages, events, 'history').map((e) => e.id)).toEqual(['e0', 'e1', 'e2', 'e3']);
	});
	it('is silent about what only follows', () => {
		expect(tells(events[4]!)).toBe(false);
		expect(changesOf(events[3]!).map(([f]) => f)).toEqual(['state', 'assignee']);
	});
	it('folds the middle of a long thread but not the first unread message', () => {
		const many = Array.from({ length: 30 }, (_, i) => message(`m${i}`, `2026-11-20 10:${String(i).padStart(2, '0')}:00.000Z`));
		const all = timeline(many, [], 'all');
		const folded = fold(all);
		expect(messagesIn(folded)).toBe(10);
		expect(folded[2]).toMatchObject({ kind: 'folded' });
		expect(fold(all, 'm5').some((e) => e.id === 'm5')).toBe(true);
		expect(fold(all, 'm1')).toHaveLength(30);
		expect(fold(all.slice(0, 12))).toHaveLength(12);
	});
});

describe('links in plain text', () => {
	const links = (text: string) => linkify(text).flatMap((p) => (p.href ? [[p.text, p.href]] : []));
	it('finds addresses and leaves the sentence around them', () => {
		expect(links('See https://a.example/x(1). Or (www.b.example), mail ada@c.example!')).toEqual([
			['https://a.example/x(1)', 'https://a.example/x(1)'],
			['www.b.example', 'https://www.b.example/'],
			['ada@c.example', 'mailto:ada@c.example'],
		]);
	});
	it('ends a link where Chinese text goes on', () => expect(links('链接：https://a.example/x，谢谢')).toEqual([['https://a.example/x', 'https://a.example/x']]));
	it('makes nothing of other schemes', () => {
		for (const text of ['javascript:alert(1)', 'data:text/html,x', 'https:// x', 'file:///etc/passwd', 'http://x']) expect(links(text)).toEqual([]);
	});
	it('loses no character', () => {
		const text = 'a www.x.example b\nhttps://y.example?q=ü c@d.example.';
		expect(linkify(text).map((p) => p.text).join('')).toBe(text);
	});
	it('takes linear time', () => {
		const started = performance.now();
		for (const text of ['www.'.repeat(100_000), 'a@'.repeat(100_000), 'http://'.repeat(50_000), '('.repeat(300_000), 'a'.repeat(400_000)]) linkify(text);
		expect(performance.now() - started).toBeLessThan(2000);
	});
});

it('tells when a link shows another host than it opens', () => {
	expect(lies('https://bank.example/login', 'evil.example')).toBe(true);
	expect(lies('bank.example', 'www.bank.example')).toBe(false);
	expect(lies('click here', 'evil.example')).toBe(false);
	expect(lies('https://bank.example@evil.example', 'bank.example')).toBe(true);
});

it('knows which glyphs a text needs', () => {
	expect([languageOf('hello'), languageOf('申请显示器'), languageOf('モニター申請'), languageOf('모니터')]).toEqual(['', 'zh-CN', 'ja', 'ko']);
});

describe('two people on one ticket', () => {
	const base = { priority: 3, team: 'a', tags: ['x'] } as Partial<Ticket>;
	it('lays changes of different fields together', () => {
		expect(merge(base, { priority: 2 }, { ...base, team: 'b' } as Ticket)).toEqual({ changes: { priority: 2 }, conflicts: [] });
	});
	it('finds what both changed', () => {
		expect(merge(base, { priority: 2, team: 'c' }, { ...base, priority: 1 } as Ticket)).toEqual({ changes: { team: 'c' }, conflicts: [{ field: 'priority', mine: 2, theirs: 1 }] });
	});
	it('is content when both want the same', () => {
		expect(merge(base, { tags: ['x', 'y'] }, { ...base, tags: ['x', 'y'] } as Ticket)).toEqual({ changes: {}, conflicts: [] });
	});
});

describe('recipients', () => {
	const page = { ticket: { author_address: '', participant_addresses: ['guest@x.example', 'ADA@example.com'] }, requester: { email: 'ada@example.com', name: 'Ada' }, participants: [{ email: 'bo@example.com', name: 'Bo' }], messages: [{ ...message('m', ''), to: ['help@acme.test'], cc: ['Zoe@x.example'] }], events: [], steps: [] } as unknown as TicketPage;
	it('are those whom the server would choose', () => expect(audience(page)).toEqual({ to: ['ada@example.com'], cc: ['bo@example.com', 'guest@x.example'] }));
	it('were seen when a message named them', () => expect(seenAddresses(page).has('zoe@x.example')).toBe(true));
	it('are read from what people paste', () => expect(addressesIn('Ada <ada@x.example>, bo@x.example;\nzoe@x.example')).toEqual(['ada@x.example', 'bo@x.example', 'zoe@x.example']));
	it('must look like addresses', () => expect(['a@b.cd', 'a@b', 'a b@c.de', '@c.de', 'a@b.cd>'].map(isAddress)).toEqual([true, false, false, false, false]));
	it('are not mentioned agents', () => {
		const agents = [{ id: '1', name: 'Kim Larsen' }, { id: '2', name: '王芳' }];
		expect(mentions('ask @kim, mail ada@kim.example', agents).map((a) => a.id)).toEqual(['1']);
		expect(mentions('ada@kim.example', agents)).toEqual([]);
		expect(mentions('请 @王芳 看看', agents).map((a) => a.id)).toEqual(['2']);
	});
});

describe('times to wake up', () => {
	it('lie ahead', () => {
		const friday = new Date(2026, 10, 20, 16, 2);
		expect(presets(friday).map((p) => [p.id, localInput(p.at)])).toEqual([
			['hour', '2026-11-20T17:05'],
			['tomorrow', '2026-11-21T09:00'],
			['monday', '2026-11-23T09:00'],
			['week', '2026-11-27T09:00'],
		]);
	});
	it('do not name one day twice', () => {
		const sunday = new Date(2026, 10, 22, 8, 0);
		expect(presets(sunday).map((p) => p.id)).toEqual(['hour', 'afternoon', 'tomorrow', 'week']);
	});
});
