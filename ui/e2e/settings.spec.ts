import { expect, expectAccessible, test } from './desk';

test('my settings are kept: theme before paint, language, undo time, notices', async ({ agentPage: page, desk }) => {
	await page.goto('/settings/me');
	await page.getByText('Dark', { exact: true }).click();
	await page.getByText('10 seconds').click();
	await expect(page.getByText('Saved')).toBeVisible();
	await page.getByRole('group', { name: 'A ticket is given to me' }).getByText('By mail').click();
	await expect.poll(async () => desk.read<{ undo_s: number; notify: unknown }>('agents', (await desk.me()).record.id).then((a) => [a.undo_s, a.notify])).toEqual([10, { assigned: { mail: false, screen: true } }]);
	await expectAccessible(page);
	await page.reload({ waitUntil: 'commit' });
	await page.waitForFunction(() => document.body !== null);
	expect(await page.evaluate(() => document.documentElement.classList.contains('dark'))).toBe(true);
	await page.getByText('简体中文').click();
	await expect(page.getByRole('heading', { name: '我的设置' })).toBeVisible();
	await expect(page.locator('html')).toHaveAttribute('lang', 'zh-CN');
	await expect.poll(async () => desk.read<{ locale: string }>('agents', (await desk.me()).record.id).then((a) => a.locale)).toBe('zh');
});

test('the connection test says which step failed and why', async ({ agentPage: page, desk }) => {
	await page.goto('/settings/mail');
	await page.getByRole('link', { name: 'Add a mailbox' }).click();
	await page.getByLabel('Mail address').fill('help@example.com');
	await page.getByLabel('Name', { exact: true }).fill('Help desk');
	await page.getByLabel('Server').first().fill('127.0.0.1');
	await page.getByLabel('Port').first().fill('1');
	await page.getByLabel('Server').nth(1).fill('');
	await page.getByRole('textbox', { name: 'Password' }).first().fill('secret');
	await expectAccessible(page);
	await page.getByRole('button', { name: 'Test now' }).click();
	await expect(page.getByText('Something is wrong')).toBeVisible({ timeout: 20_000 });
	await expect(page.getByText(/Nothing answers at 127\.0\.0\.1:1/)).toBeVisible();
	await page.getByRole('button', { name: 'Save' }).click();
	await expect(page.getByRole('link', { name: 'Help desk' })).toBeVisible();
	await page.getByRole('link', { name: 'Edit' }).click();
	await expect(page.getByRole('textbox', { name: 'Password' }).first()).toHaveValue('');
	expect(desk.troubles).toEqual([]);
});
