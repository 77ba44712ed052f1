import { expect, expectAccessible, test } from './desk';

test('a requester reports in their own words and sees the answer, never a note', async ({ page, desk, context }) => {
	const ada = await desk.requester();
	await desk.signIn(context, await desk.asRequester(ada.id));
	await page.goto('/');
	await expect(page.getByRole('heading', { name: 'How can we help?' })).toBeVisible();
	await page.getByRole('link', { name: 'Report a problem' }).click();
	await page.getByLabel('What happens?').fill('My VPN drops\nEvery few minutes since this morning.');
	await page.getByText('I cannot work').click();
	await expectAccessible(page);
	await page.getByRole('button', { name: 'Send' }).click();
	await expect(page.getByText('Received as INC-1')).toBeVisible();
	await expect(page.getByRole('heading', { level: 1 })).toHaveText('My VPN drops');

	const ticket = (await desk.call<{ items: { id: string; number: number; urgency: number; channel: string }[] }>('GET', '/api/collections/tickets/records')).items[0]!;
	expect(ticket).toMatchObject({ urgency: 2, channel: 'portal' });
	await desk.message(ticket as never, { visibility: 'internal', text: 'same as floor 3' });
	await desk.message(ticket as never, { visibility: 'public', text: 'Please try the new profile.', html: '<p>Please try the new profile.</p>' });
	await expect(page.getByText('Please try the new profile.')).toBeVisible();
	await expect(page.getByText('same as floor 3')).toHaveCount(0);

	await page.getByLabel('Add a message').fill('It works, thank you.');
	await page.getByRole('button', { name: 'Send' }).click();
	await expect(page.getByRole('list', { name: 'Conversation' }).getByText('It works, thank you.')).toBeVisible();
	await expectAccessible(page);
});

test('the list shows plain states, and others\' tickets do not exist', async ({ page, desk, context }) => {
	const ada = await desk.requester();
	const bo = await desk.requester({ email: 'bo@example.com', name: 'Bo Lindqvist' });
	const mine = await desk.incident({ subject: 'Mine', requester: ada.id });
	const other = await desk.incident({ subject: 'Not mine', requester: bo.id });
	await desk.signIn(context, await desk.asRequester(ada.id));
	desk.expected.push(/^404 \/api\/desk\/tickets\//);
	await page.goto('/');
	await expect(page.getByRole('link', { name: /Mine/ })).toContainText('Received');
	await expect(page.getByText('Not mine')).toHaveCount(0);
	await desk.change('tickets', mine.id, { assignee: (await desk.me()).record.id, state: 'in_progress' });
	await expect(page.getByRole('link', { name: /Mine/ })).toContainText('In progress');
	await page.goto(`/incidents/${other.number}`);
	await expect(page.getByText('Nothing here')).toBeVisible();
});

test('a resolved ticket can be confirmed or reopened', async ({ page, desk, context }) => {
	const ada = await desk.requester();
	const ticket = await desk.incident({ requester: ada.id, assignee: (await desk.me()).record.id } as never);
	await desk.change('tickets', ticket.id, { state: 'resolved', resolution: 'New profile', resolution_code: 'fixed' }).catch(async () => {
		const codes = await desk.call<{ items: { code: string; ends: string }[] }>('GET', '/api/collections/resolution_codes/records');
		await desk.change('tickets', ticket.id, { state: 'resolved', resolution: 'New profile', resolution_code: codes.items.find((c) => c.ends === 'resolved')!.code });
	});
	await desk.signIn(context, await desk.asRequester(ada.id));
	await page.goto(`/incidents/${ticket.number}`);
	await expect(page.getByText('New profile')).toBeVisible();
	await page.getByRole('button', { name: 'It still does not work' }).click();
	await expect(page.getByText('Reopened. We look at it again.')).toBeVisible();
	await expect.poll(() => desk.read<{ state: string }>('tickets', ticket.id).then((x) => x.state)).toBe('in_progress');
});
