import { expect, it } from 'vitest';
import { initials, score } from '../src/lib/commands/match';

it.each([
	['assign me', 'Assign to me', true],
	['me assign', 'Assign to me', true],
	['atm', 'Assign to me', true],
	['wf', '王芳', true],
	['zxm', '张晓明', true],
	['printer', 'Assign to me', false],
])('%s finds %s: %s', (typed, text, want) => expect(score(typed, text) > 0).toBe(want));

it('a beginning is better than a middle', () => expect(score('new', 'New ticket')).toBeGreaterThan(score('new', 'Show new rows')));
it('reads initials of words', () => expect(initials('Go to my work')).toBe('gtmw'));
