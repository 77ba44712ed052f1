import { describe, expect, it } from 'vitest';
import type { Agent, Team, Ticket } from '../src/lib/api/records';
import { format, matches, parse, toServer, type Context } from '../src/lib/queue/filter';
import { viewOf } from '../src/lib/queue/views';

const context: Context = { me: 'me1', agents: [{ id: 'a2', name: 'Sam Lee' } as Agent], teams: [{ id: 't1', name: 'Service Desk' } as Team] };
const ticket = (fields: Partial<Ticket>) => ({ id: 'x', key: 'INC-42', number: 42, subject: 'VPN drops', state: 'new', assignee: '', team: '', priority: 3, tags: [], ...fields }) as Ticket;

describe('the text form', () => {
	it.each(['state:open', 'state:open assignee:me "exact words" vpn', 'priority:1,2', '-team:none', 'team:"Service Desk"', ''])('%s reads back the same', (text) => {
		expect(format(parse(text))).toBe(text);
	});
	it('takes an unknown field as words', () => expect(parse('colour:red').words).toEqual(['colour:red']));
});

describe('the server filter', () => {
	it.each([
		['state:open', `(state != 'resolved' && state != 'closed' && state != 'cancelled' && state != 'rejected')`],
		['assignee:me', `assignee = "me1"`],
		['assignee:none', `assignee = ""`],
		['assignee:"Sam Lee"', `assignee = "a2"`],
		['team:"service desk"', `team = "t1"`],
		['priority:1,2', '(priority = 1 || priority = 2)'],
		['-state:closed', `state != "closed"`],
	])('%s becomes %s', (text, want) => expect(toServer(parse(text), context)).toBe(want));
	it('quotes what a person typed', () => expect(toServer(parse(`a"||id!="`), context)).not.toMatch(/[^\\]"\|\|id/));
	it('finds a number by its key', () => expect(toServer(parse('INC-42'), context)).toContain('number = 42'));
});

describe('the same question asked of one ticket', () => {
	it.each([
		['state:open', { state: 'new' }, true],
		['state:open', { state: 'resolved' }, false],
		['assignee:me', { assignee: 'me1' }, true],
		['assignee:none', { assignee: 'a2' }, false],
		['-assignee:me', { assignee: 'a2' }, true],
		['priority:1,2', { priority: 2 }, true],
		['tag:vpn', { tags: ['vpn'] }, true],
		['drops', {}, true],
		['INC-42', {}, true],
		['printer', {}, false],
	] as const)('%s of %o is %s', (text, fields, want) => expect(matches(parse(text), ticket(fields as Partial<Ticket>), context)).toBe(want));
});

it('a path names its queue', () => {
	expect(viewOf('/queue').name).toBe('all');
	expect(viewOf('/queue/team/t1')).toMatchObject({ name: 'team', id: 't1' });
	expect(viewOf('/queue/mine').base.terms[0]).toMatchObject({ field: 'assignee', values: ['me'] });
});
