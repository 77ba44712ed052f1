import { expect, expectAccessible, test } from './desk';

test('an agent on the phone opens a ticket for somebody known', async ({ agentPage: page, desk }) => {
	await desk.requester({ email: 'ada@example.com', name: 'Ada Müller', phone: '+49 30 4711' });
	await page.goto('/queue');
	await expect(page.getByText('Nothing waits here')).toBeVisible();
	await page.keyboard.press('c');
	const who = page.getByRole('combobox', { name: 'Who asks?' });
	await expect(who).toBeFocused();
	await who.fill('4711');
	await expect(page.getByRole('option', { name: /Ada Müller/ })).toBeVisible();
	await expectAccessible(page);
	await page.keyboard.press('Enter');
	await page.getByLabel('Subject').fill('Laptop battery swells');
	await page.getByLabel('What happens?').fill('It no longer lies flat.');
	await page.keyboard.press('Control+Enter');
	await expect(page).toHaveURL(/\/incidents\/1$/);
	await expect(page.getByRole('heading', { level: 1 })).toContainText('Laptop battery swells');
	const list = await desk.call<{ items: { channel: string; assignee: string; description: string }[] }>('GET', '/api/collections/tickets/records');
	expect(list.items[0]).toMatchObject({ channel: 'phone', assignee: (await desk.me()).record.id, description: 'It no longer lies flat.' });
});

test('and for somebody new, by name and telephone', async ({ agentPage: page, desk }) => {
	await page.goto('/incidents/new');
	await page.getByRole('combobox', { name: 'Who asks?' }).fill('Zoe Miles');
	await page.getByRole('option', { name: /Add “Zoe Miles”/ }).click();
	await page.getByLabel('Email address').fill('zoe@example.com');
	await page.getByLabel('Subject').fill('New starter');
	await page.getByRole('button', { name: 'Open ticket' }).click();
	await expect(page).toHaveURL(/\/incidents\/1$/);
	const people = await desk.call<{ items: { name: string; email: string }[] }>('GET', '/api/collections/requesters/records');
	expect(people.items[0]).toMatchObject({ name: 'Zoe Miles', email: 'zoe@example.com' });
});

test('without a requester the form says so', async ({ agentPage: page, desk }) => {
	await page.goto('/incidents/new');
	await page.getByLabel('Subject').fill('Whose is this?');
	await page.getByRole('button', { name: 'Open ticket' }).click();
	await expect(page.getByRole('alert')).toContainText('Choose who asks');
	expect(desk.troubles).toEqual([]);
});

test('Enter before the search has answered means what it finds', async ({ agentPage: page, desk }) => {
	await desk.requester({ name: 'Ada Müller', email: 'ada@example.com' });
	await desk.requester({ name: 'Bo Lind', email: 'bo@example.com' });
	await page.goto('/incidents/new');
	const who = page.getByRole('combobox', { name: 'Who asks?' });
	await who.fill('ada');
	await expect(page.getByRole('option', { name: /Ada Müller/ })).toBeVisible();
	await who.fill('bo@');
	await who.press('Enter');
	await expect(page.getByText('Bo Lind')).toBeVisible();
	await expect(page.getByText('Ada Müller')).toHaveCount(0);
});
