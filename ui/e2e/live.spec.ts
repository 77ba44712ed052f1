import { expect, test } from './desk';

test('without a network the bar says so, the list stays, and what was missed comes back', async ({ agentPage: page, desk, context }) => {
	desk.expected.push(/^5/);
	await desk.incident({ subject: 'Before' });
	await page.goto('/queue');
	await expect(page.getByRole('row', { name: /Before/ })).toBeVisible();
	await context.setOffline(true);
	await expect(page.getByText(/Offline · showing/)).toBeVisible();
	await expect(page.getByRole('row', { name: /Before/ })).toBeVisible();
	await desk.incident({ subject: 'Meanwhile' });
	await context.setOffline(false);
	await expect(page.getByText(/Offline/)).toHaveCount(0);
	await expect(page.getByRole('button', { name: '1 new' })).toBeVisible({ timeout: 15_000 });
});

test('"system" follows the system, and the class is there before the first paint', async ({ agentPage: page, desk }) => {
	await page.emulateMedia({ colorScheme: 'dark' });
	await page.goto('/queue');
	await expect(page.locator('html')).toHaveClass(/dark/);
	await page.emulateMedia({ colorScheme: 'light' });
	await expect(page.locator('html')).not.toHaveClass(/dark/);
	await page.emulateMedia({ colorScheme: 'dark' });
	// theme.js is the first script and blocks: before any module runs the class is set.
	await page.route('**/assets/**', (route) => route.abort());
	await page.reload({ waitUntil: 'commit' }).catch(() => undefined);
	await expect(page.locator('html')).toHaveClass(/dark/);
	desk.troubles.length = 0; // the aborted modules are this test's own doing
});

test('another language keeps the page', async ({ agentPage: page, desk }) => {
	await desk.incident({ subject: 'Stays here' });
	await page.goto('/queue/unassigned?q=state:open+stays');
	await expect(page.getByRole('row', { name: /Stays here/ })).toBeVisible();
	await page.keyboard.press('Control+k');
	await page.getByRole('combobox', { name: 'Find and do' }).fill('切换');
	await page.keyboard.press('Enter');
	await expect(page.getByRole('heading', { name: '未分派' })).toBeVisible();
	await expect(page).toHaveURL(/q=state:open\+stays/);
	await expect(page.getByRole('row', { name: /Stays here/ })).toBeVisible();
});
