import { expect, expectAccessible, test } from './desk';

test.use({ fresh: true });

test('the code from the terminal makes administrator, organisation and address', async ({ page, running, desk }) => {
	desk.expected.push(/^400 \/api\/desk\/setup/);
	const code = /\b[A-Z0-9]{4}-[A-Z0-9]{4}-[A-Z0-9]{4}\b/.exec(running.said())?.[0] ?? '';
	await page.goto('/setup');
	await expectAccessible(page);
	await page.getByLabel('Setup code').fill('AAAA-BBBB-CCCC');
	await page.getByLabel('Your name').fill('Sam Lee');
	await page.getByLabel('Email address').fill('sam@desk.example');
	await page.getByLabel('Password').fill('correct-horse-battery');
	await page.getByLabel('Organisation').fill('Northwind');
	await page.getByRole('button', { name: 'Set up' }).click();
	await expect(page.getByRole('alert')).toBeVisible();
	await page.getByLabel('Setup code').fill(code);
	await page.getByRole('button', { name: 'Set up' }).click();
	await expect(page.getByText('Your desk is ready.')).toBeVisible();
	await expect(page.getByText('Northwind').first()).toBeVisible();
	await expect(page).toHaveURL(/\/settings\/mail/);
});
