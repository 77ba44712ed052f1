import type { Page } from '@playwright/test';
import { expect, expectAccessible, test, type Desk } from './desk';

const active = (page: Page) => page.locator('[role=row].active');

async function fill(desk: Desk, count: number): Promise<void> {
	const requester = (await desk.requester()).id;
	for (let i = 1; i <= count; i += 10) {
		await Promise.all(Array.from({ length: Math.min(10, count - i + 1) }, (_, n) => desk.incident({ subject: `Ticket ${i + n}`, requester })));
	}
}

test('j and k move the active row, Enter opens it, Esc and back return to it', async ({ agentPage: page, desk }) => {
	await fill(desk, 40);
	await page.goto('/queue');
	await expect(active(page)).toBeVisible();
	for (let i = 0; i < 30; i++) await page.keyboard.press('j');
	await page.keyboard.press('k');
	await expect(page.getByRole('grid')).toHaveAttribute('aria-activedescendant', /^row-/);
	const key = await active(page).locator('.key').innerText();
	const scroll = await page.getByRole('grid').evaluate((el) => el.scrollTop);
	expect(scroll).toBeGreaterThan(100);
	for (const back of [() => page.goBack(), () => page.keyboard.press('u'), () => page.keyboard.press('Escape')]) {
		await page.keyboard.press('Enter');
		await expect(page).toHaveURL(new RegExp(`/incidents/${key.split('-')[1]}$`));
		await expect(page.getByRole('heading', { level: 1, name: /^Ticket/ })).toBeVisible();
		await back();
		await expect(page).toHaveURL(/\/queue$/);
		await expect(active(page).locator('.key')).toHaveText(key);
		expect(Math.abs((await page.getByRole('grid').evaluate((el) => el.scrollTop)) - scroll)).toBeLessThanOrEqual(2);
	}
});

test('a long list has few rows in the page, and End reaches the last', async ({ agentPage: page, desk }) => {
	await fill(desk, 170);
	await page.goto('/queue?sort=created');
	const grid = page.getByRole('grid');
	await expect(grid).toHaveAttribute('aria-rowcount', '170');
	await page.keyboard.press('End');
	await expect(active(page)).toContainText('Ticket');
	await expect(active(page)).toHaveAttribute('aria-rowindex', '170');
	expect(await page.getByRole('row').count()).toBeLessThan(60);
});

test('a new ticket waits behind "1 new" and no row moves', async ({ agentPage: page, desk }) => {
	await fill(desk, 3);
	await page.goto('/queue');
	await expect(page.getByRole('row')).toHaveCount(3);
	const before = await page.getByRole('row').first().innerText();
	await expect.poll(() => page.evaluate(() => performance.getEntriesByName(`${location.origin}/api/realtime`).length)).toBeGreaterThan(0);
	await page.waitForLoadState('networkidle').catch(() => undefined);
	await desk.incident({ subject: 'Printer on fire' });
	await expect(page.getByRole('button', { name: '1 new' })).toBeVisible();
	expect(await page.getByRole('row').first().innerText()).toBe(before);
	await page.getByRole('button', { name: '1 new' }).click();
	await expect(page.getByRole('row').first()).toContainText('Printer on fire');
});

test('the first ticket of an empty queue comes by itself: no row could move', async ({ agentPage: page, desk }) => {
	await page.goto('/queue');
	await expect(page.getByText('Nothing waits here')).toBeVisible();
	await expect.poll(() => page.evaluate(() => performance.getEntriesByName(`${location.origin}/api/realtime`).length)).toBeGreaterThan(0);
	await desk.incident({ subject: 'The very first' });
	await expect(page.getByRole('row', { name: /The very first/ })).toBeVisible();
	await expect(page.getByRole('button', { name: '1 new' })).toHaveCount(0);
});

test('a change by somebody else shows, and a row that leaves stays dimmed', async ({ agentPage: page, desk }) => {
	const ticket = await desk.incident({ subject: 'Nobody has me' });
	await page.goto('/queue/unassigned');
	const row = page.getByRole('row', { name: /Nobody has me/ });
	await expect(row).toBeVisible();
	await desk.change('tickets', ticket.id, { assignee: (await desk.me()).record.id });
	await expect(row).toHaveClass(/gone/);
});

test('a row that left while its ticket was open is dimmed on return, in any order', async ({ agentPage: page, desk }) => {
	const ticket = await desk.incident({ subject: 'Nobody has me' });
	await desk.incident({ subject: 'Nor me' });
	await page.goto('/queue/unassigned?sort=priority');
	await page.getByRole('link', { name: 'Nobody has me' }).click();
	await expect(page.getByRole('heading', { name: 'Nobody has me' })).toBeVisible();
	await desk.change('tickets', ticket.id, { assignee: (await desk.me()).record.id });
	await page.keyboard.press('u');
	await expect(page.getByRole('row', { name: /Nobody has me/ })).toHaveClass(/gone/);
	await expect(page.getByRole('row', { name: /Nor me/ })).not.toHaveClass(/gone/);
});

test('i assigns the selection to me and Undo takes it back', async ({ agentPage: page, desk }) => {
	const team = (await desk.team('Service Desk')).id;
	await desk.incident({ subject: 'One', team });
	await desk.incident({ subject: 'Two', team });
	await page.goto('/queue/unassigned');
	await expect(page.getByRole('row')).toHaveCount(2);
	await page.keyboard.press('x');
	await page.keyboard.press('Shift+J');
	await expect(page.getByText('2 selected')).toBeVisible();
	await page.keyboard.press('i');
	await expect(page.getByText('2 tickets assigned to you')).toBeVisible();
	await expect.poll(() => desk.call<{ mine: number }>('GET', '/api/desk/counts').then((c) => c.mine)).toBe(2);
	await page.getByRole('button', { name: 'Undo' }).click();
	await expect.poll(() => desk.call<{ mine: number }>('GET', '/api/desk/counts').then((c) => c.mine)).toBe(0);
});

test('filters live in the address, as chips and as text', async ({ agentPage: page, desk }) => {
	await desk.incident({ subject: 'Wanted', impact: 1, urgency: 1 });
	await desk.incident({ subject: 'Other' });
	await page.goto('/queue');
	await page.getByRole('button', { name: 'Filter', exact: true }).click();
	await page.getByRole('menuitem', { name: 'Priority' }).click();
	await page.getByRole('menuitem', { name: 'Critical' }).click();
	await expect(page).toHaveURL(/priority/);
	await expect(page.getByRole('row')).toHaveCount(1);
	await page.reload();
	await expect(page.getByText('Priority: Critical')).toBeVisible();
	await expect(page.getByRole('row')).toHaveText(/Wanted/);
	await page.getByRole('button', { name: 'Edit the filter as text' }).click();
	await expect(page.getByRole('searchbox')).toHaveValue('state:open priority:1');
	await page.getByRole('searchbox').fill('state:open other');
	await page.keyboard.press('Enter');
	await expect(page.getByRole('row')).toHaveText(/Other/);
	await page.getByRole('searchbox').fill('nothing like this');
	await page.keyboard.press('Enter');
	await expect(page.getByText('No ticket fits this filter')).toBeVisible();
});

test('middle click opens the ticket in a new page', async ({ agentPage: page, desk, context }) => {
	const ticket = await desk.incident();
	await page.goto('/queue');
	const [opened] = await Promise.all([context.waitForEvent('page'), page.getByRole('link', { name: 'VPN drops' }).click({ button: 'middle' })]);
	await expect(opened).toHaveURL(new RegExp(`/incidents/${ticket.number}$`));
});

test('keys mean nothing while an input method composes, or when switched off', async ({ agentPage: page, desk }) => {
	await fill(desk, 3);
	await page.goto('/queue');
	await expect(active(page)).toHaveAttribute('aria-rowindex', '1');
	await page.evaluate(() => document.body.dispatchEvent(new KeyboardEvent('keydown', { key: 'j', isComposing: true, bubbles: true })));
	await expect(active(page)).toHaveAttribute('aria-rowindex', '1');
	await page.keyboard.press('j');
	await expect(active(page)).toHaveAttribute('aria-rowindex', '2');
	await page.evaluate(() => localStorage.setItem('deskbell_single_keys', 'off'));
	await page.reload();
	await expect(active(page)).toHaveAttribute('aria-rowindex', '1');
	await page.keyboard.press('j');
	await expect(active(page)).toHaveAttribute('aria-rowindex', '1');
});

test('an empty queue says so and names others that have work', async ({ agentPage: page, desk }) => {
	await page.goto('/queue');
	await expect(page.getByText('Nothing waits here')).toBeVisible();
	await desk.incident();
	await page.goto('/queue/mine');
	await expect(page.getByRole('link', { name: /Unassigned 1/ }).last()).toBeVisible();
	await expectAccessible(page);
});

test('eight tabs of the workspace all work and hear of news', async ({ agentPage, desk, context }) => {
	await desk.incident({ subject: 'First' });
	const pages = [agentPage, ...(await Promise.all(Array.from({ length: 7 }, () => context.newPage())))];
	for (const page of pages) {
		await page.goto('/queue');
		await expect(page.getByRole('row', { name: /First/ })).toBeVisible();
	}
	await pages[0]!.close();
	await desk.incident({ subject: 'Second' });
	for (const page of pages.slice(1)) await expect(page.getByRole('button', { name: '1 new' })).toBeVisible();
});
