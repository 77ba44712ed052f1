import { expect, expectAccessible, test } from './desk';

test('an agent signs in by password and gets the page asked for', async ({ page, desk }) => {
	desk.expected.push(/^400 .*auth-with-password/);
	await page.goto('/queue/unassigned');
	await expectAccessible(page);
	await page.getByLabel('Email address').fill(desk.admin.email);
	await page.getByLabel('Password').fill('wrong');
	await page.getByRole('button', { name: 'Sign in' }).click();
	await expect(page.getByRole('alert')).toContainText('do not fit together');
	await page.getByLabel('Password').fill(desk.admin.password);
	await page.getByRole('button', { name: 'Sign in' }).click();
	await expect(page.getByRole('heading', { name: 'Unassigned' })).toBeVisible();
	await expect(page).toHaveURL(/\/queue\/unassigned/);
});

test('signing out ends the session on the server', async ({ agentPage: page, desk }) => {
	await page.goto('/settings/me');
	await page.getByRole('button', { name: 'Sign out' }).click();
	await expect(page.getByRole('button', { name: 'Sign in' })).toBeVisible();
	await page.goto('/queue');
	await expect(page.getByRole('heading', { name: 'Sign in to the desk' })).toBeVisible();
	expect(desk.url).toBeTruthy();
});

test('a lost sign-in asks again above the screen', async ({ agentPage: page, desk }) => {
	desk.expected.push(/^401 /, /^403 .*realtime/);
	await page.goto('/incidents/new');
	await page.getByLabel('Subject').fill('Half written');
	const { token } = await desk.me();
	await desk.call('POST', '/api/desk/signout', {}, token);
	await page.getByRole('combobox', { name: 'Who asks?' }).fill('ada');
	const dialog = page.getByRole('dialog', { name: 'Sign in again' });
	await dialog.getByLabel('Password').fill(desk.admin.password);
	await dialog.getByRole('button', { name: 'Sign in' }).click();
	await expect(dialog).toBeHidden();
	await expect(page.getByLabel('Subject')).toHaveValue('Half written');
});

test('after signing in again the screen hears of news', async ({ agentPage: page, desk }) => {
	desk.expected.push(/^401 /, /^403 .*realtime/);
	await desk.incident({ subject: 'First' });
	await page.goto('/queue');
	await expect(page.getByRole('row', { name: /First/ })).toBeVisible();
	await desk.call('POST', '/api/desk/signout', {}, (await desk.me()).token);
	desk.forget();
	await page.getByRole('searchbox').fill('fir');
	await page.keyboard.press('Enter');
	const dialog = page.getByRole('dialog', { name: 'Sign in again' });
	await dialog.getByLabel('Password').fill(desk.admin.password);
	await page.keyboard.press('Enter');
	await expect(dialog).toBeHidden();
	await page.getByRole('searchbox').fill('');
	await page.keyboard.press('Enter');
	await expect(page.getByRole('row', { name: /First/ })).toBeVisible();
	await desk.incident({ subject: 'First again' });
	await expect(page.getByRole('button', { name: '1 new' })).toBeVisible();
});

test('a requester asks for a code; known and unknown addresses get the same answer', async ({ page, desk }) => {
	await desk.requester();
	for (const email of ['ada@example.com', 'nobody@example.org']) {
		await page.goto('/');
		await page.getByLabel('Email address').fill(email);
		await page.getByRole('button', { name: 'Mail me a code' }).click();
		await expect(page.getByText(`If ${email} is known here`)).toBeVisible();
		await expect(page.getByLabel('Code from the mail')).toBeFocused();
	}
});
