import { expect, expectAccessible, test } from './desk';

test('the palette finds steps, places and tickets, and gives focus back', async ({ agentPage: page, desk }) => {
	const ticket = await desk.incident({ subject: 'Shared mailbox missing' });
	await page.goto('/queue');
	await page.getByRole('grid').focus();
	await page.keyboard.press('Control+k');
	const box = page.getByRole('combobox', { name: 'Find and do' });
	await expect(box).toBeFocused();
	await expectAccessible(page);
	await page.keyboard.press('Escape');
	await expect(page.getByRole('grid')).toBeFocused();
	await page.keyboard.press('Control+k');
	await box.fill('me assign');
	await expect(page.getByRole('option').first()).toContainText('Assign to me');
	await page.keyboard.press('Enter');
	await expect.poll(() => desk.read<{ assignee: string }>('tickets', ticket.id).then((x) => x.assignee)).toBe((await desk.me()).record.id);
	await page.keyboard.press('Control+k');
	await box.fill('mailbox missing');
	await page.getByRole('option', { name: /Shared mailbox missing/ }).click();
	await expect(page).toHaveURL(new RegExp(`/incidents/${ticket.number}$`));
});

test('? lists the keys of the page', async ({ agentPage: page, desk }) => {
	await desk.incident();
	await page.goto('/queue');
	await expect(page.getByRole('row')).toHaveCount(1);
	await page.keyboard.press('?');
	const dialog = page.getByRole('dialog', { name: 'Keyboard' });
	await expect(dialog.getByText('Next row')).toBeVisible();
	await expect(dialog.getByText('Go to unassigned')).toBeVisible();
	await expectAccessible(page);
	await page.keyboard.press('Escape');
	await expect(dialog).toBeHidden();
	await page.keyboard.press('g');
	await page.keyboard.press('u');
	await expect(page).toHaveURL(/unassigned/);
});

test('what is typed before the palette is there lands in it', async ({ agentPage: page, desk }) => {
	const ticket = await desk.incident();
	await page.goto(`/incidents/${ticket.number}`);
	await expect(page.getByRole('heading', { level: 1 })).toBeVisible();
	await page.keyboard.press('Control+k');
	await page.keyboard.type('assign me');
	await expect(page.getByRole('combobox', { name: 'Find and do' })).toHaveValue('assign me');
	await expect(page.getByRole('option').first()).toContainText('Assign to me');
});

test('the palette opens from inside a mail, too', async ({ agentPage: page, desk }) => {
	const ticket = await desk.incident();
	await desk.message(ticket, { html: '<p>Press <b>here</b></p>' });
	await page.goto(`/incidents/${ticket.number}`);
	await page.frameLocator('article iframe').getByText('here').click();
	await page.keyboard.press('Control+k');
	await expect(page.getByRole('combobox', { name: 'Find and do' })).toBeFocused();
});
