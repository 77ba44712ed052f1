import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Message, Ticket, TicketPage } from '../src/lib/api/records';
import { expect, expectAccessible, test } from './desk';

const page1 = (desk: { call: <T>(m: string, p: string) => Promise<T> }, ticket: Ticket) => desk.call<TicketPage>('GET', `/api/desk/tickets/${ticket.key}`);

test('a ticket shows what was asked, what was said and what changed', async ({ agentPage: page, desk }) => {
	const ticket = await desk.incident({ subject: '</title><img src=x onerror=alert(1)>', description: 'It drops every few minutes. See https://vpn.example.com/log' });
	await desk.message(ticket, { text: 'Which network?', visibility: 'public' });
	await desk.message(ticket, { text: 'Same as on floor 3', visibility: 'internal' });
	await desk.change('tickets', ticket.id, { urgency: 2 });
	await page.goto(`/incidents/${ticket.number}`);
	await expect(page.getByRole('heading', { level: 1 })).toHaveText('</title><img src=x onerror=alert(1)>');
	await expect(page.getByRole('article', { name: 'Description' })).toContainText('It drops every few minutes');
	await expect(page.getByRole('link', { name: 'https://vpn.example.com/log' })).toHaveAttribute('rel', /noopener/);
	await expect(page.getByRole('article', { name: /^Internal note by/ })).toContainText('Same as on floor 3');
	await expect(page.getByText(/set urgency to High/)).toBeVisible();
	await expectAccessible(page);
	await page.keyboard.press('3');
	await expect(page).toHaveURL(/tab=notes/);
	await expect(page.getByText('Which network?')).toBeHidden();
	await page.keyboard.press('4');
	await expect(page.getByText(/urgency from Medium to High/)).toBeVisible();
	await page.reload();
	await expect(page.getByRole('link', { name: 'History' })).toHaveAttribute('aria-current', 'page');
});

test('keys assign, prioritise and resolve; z takes back', async ({ agentPage: page, desk }) => {
	const ticket = await desk.incident();
	const stored = () => desk.read<Ticket>('tickets', ticket.id);
	await page.goto(`/incidents/${ticket.number}`);
	await expect(page.getByRole('heading', { level: 1, name: 'VPN drops' })).toBeVisible();
	await page.keyboard.press('i');
	await expect.poll(async () => (await stored()).assignee).toBe((await desk.me()).record.id);
	await expect(page.getByRole('button', { name: 'Set the status' })).toContainText('Assigned');

	await page.keyboard.press('p');
	await page.getByRole('combobox', { name: 'Find and do' }).fill('high');
	await page.keyboard.press('Enter');
	const why = page.getByRole('dialog', { name: 'Priority High' });
	await why.getByRole('textbox', { name: 'Reason' }).fill('The board meets');
	await expectAccessible(page);
	await why.getByRole('button', { name: 'Set the priority' }).click();
	await expect.poll(async () => (await stored()).priority).toBe(2);
	await expect(page.getByText(/the matrix says Low/)).toBeVisible();
	await page.getByRole('button', { name: 'Follow the matrix' }).click();
	await expect.poll(async () => (await stored()).priority).toBe(4);

	await page.keyboard.press('e');
	const resolve = page.getByRole('dialog', { name: 'Resolve' });
	await resolve.getByRole('textbox', { name: 'Resolution' }).fill('New profile');
	await resolve.getByRole('combobox').selectOption({ index: 1 });
	await resolve.getByRole('button', { name: 'Resolve' }).click();
	await expect(resolve).toBeHidden();
	await expect.poll(async () => (await stored()).state).toBe('resolved');
	await page.getByRole('button', { name: 'Set the status' }).click();
	await page.getByRole('option', { name: 'In progress' }).click();
	await expect.poll(async () => (await stored()).state).toBe('in_progress');
});

test('hold asks what for and until when', async ({ agentPage: page, desk }) => {
	const ticket = await desk.incident({ assignee: (await desk.me()).record.id });
	await page.goto(`/incidents/${ticket.number}`);
	await page.getByRole('button', { name: 'Set the status' }).click();
	await page.getByRole('option', { name: 'Put on hold…' }).click();
	const hold = page.getByRole('dialog', { name: 'Put on hold' });
	await hold.getByText('Waiting for supplier').click();
	await hold.getByText('In a week').click();
	await expectAccessible(page);
	await hold.getByRole('button', { name: 'Put on hold' }).click();
	await expect(hold).toBeHidden();
	const stored = await desk.read<Ticket>('tickets', ticket.id);
	expect(stored).toMatchObject({ state: 'on_hold', hold_reason: 'awaiting_supplier' });
	expect(Date.parse(stored.wake_at.replace(' ', 'T'))).toBeGreaterThan(Date.now() + 5 * 86_400_000);
	await expect(page.getByRole('button', { name: /Waiting for supplier/ })).toBeVisible();
});

test('a refused step says why beside the control', async ({ agentPage: page, desk }) => {
	const ticket = await desk.incident({ assignee: (await desk.me()).record.id, state: 'in_progress' });
	await page.goto(`/incidents/${ticket.number}`);
	await page.getByRole('button', { name: 'Set the status' }).click();
	const back = page.getByRole('option', { name: /Give back to the team/ });
	await expect(back).toHaveAttribute('aria-disabled', 'true');
	await expect(back).toContainText('remove the assignee or change the team');
	await page.keyboard.press('Escape');
	desk.expected.push(/^400 .*tickets/);
	await page.getByRole('button', { name: 'Assign to', exact: true }).click();
	await page.getByRole('option', { name: 'Nobody' }).click();
	await expect(page.getByRole('alert')).toContainText('needs an assignee');
	await expect(page.getByRole('button', { name: 'Assign to', exact: true })).not.toContainText('Nobody');
});

test('changes of different fields are laid together, of the same field are asked about', async ({ agentPage: page, desk }) => {
	const ticket = await desk.incident();
	const [network, mail] = [await desk.team('Network'), await desk.team('Mail')];
	desk.expected.push(/^409 /);
	// The other change happens while ours is on its way.
	let other: Partial<Ticket> | null = { urgency: 2 };
	await page.route('**/api/collections/tickets/records/*', async (route) => {
		const change = other;
		other = null;
		if (change) await desk.change('tickets', ticket.id, change);
		await route.continue();
	});
	await page.goto(`/incidents/${ticket.number}`);
	await expect(page.getByRole('button', { name: 'Set the team' })).toContainText('None');
	await page.getByRole('button', { name: 'Set the team' }).click();
	await page.getByRole('option', { name: 'Network' }).click();
	await expect.poll(() => desk.read<Ticket>('tickets', ticket.id)).toMatchObject({ team: network.id, urgency: 2 });
	await expect(page.getByRole('button', { name: 'Set the urgency' })).toContainText('High');

	other = { team: mail.id };
	await page.getByRole('button', { name: 'Set the team' }).click();
	await page.getByRole('option', { name: 'None' }).click();
	const clash = page.getByRole('alert').filter({ hasText: 'set team to Mail' });
	await expect(clash).toBeVisible();
	expect((await desk.read<Ticket>('tickets', ticket.id)).team).toBe(mail.id);
	await clash.getByRole('button', { name: 'Keep mine: None' }).click();
	await expect.poll(async () => (await desk.read<Ticket>('tickets', ticket.id)).team).toBe('');
});

test('hostile HTML runs nothing and loads nothing', async ({ agentPage: page, desk }) => {
	const ticket = await desk.incident();
	await desk.message(ticket, { html: '<p>Hello <b>there</b><script>alert(1)</script><img src=x onerror="alert(2)"><img src="https://tracker.example/p.png" width="50" alt="logo"><a href="https://evil.example/">https://bank.example</a></p><form action="/api/x"><input name=q></form><div style="position:fixed;inset:0">over</div>' });
	page.on('dialog', () => desk.troubles.push('a dialog opened'));
	await page.goto(`/incidents/${ticket.number}`);
	// Read from outside, as the page itself does: inside the frame nothing runs.
	const inside = () => page.locator('article iframe').evaluate((el: HTMLIFrameElement) => ({ text: el.contentDocument!.body.innerText, tags: el.contentDocument!.querySelectorAll('form, script, input').length }));
	await expect.poll(async () => (await inside()).text).toContain('Hello there');
	expect((await inside()).text).toContain('(evil.example)');
	expect((await inside()).tags).toBe(0);
	await expect(page.locator('article iframe')).toHaveAttribute('sandbox', 'allow-same-origin allow-popups allow-popups-to-escape-sandbox');
	await expect(page.getByText('1 image from elsewhere is blocked')).toBeVisible();
	desk.expected.push(/api\/desk\/image/); // nobody answers for tracker.example
	await page.getByRole('button', { name: 'Show', exact: true }).click();
	await expect(page.getByText('1 image could not be loaded.')).toBeVisible({ timeout: 20_000 });
});

test('HTML that nobody has cleaned runs nothing either and asks nobody', async ({ agentPage: page, desk }) => {
	let asked = 0;
	const trap = createServer((_, answer) => (asked++, answer.end())).listen(0, '127.0.0.1');
	await once(trap, 'listening');
	const evil = `http://127.0.0.1:${(trap.address() as AddressInfo).port}`;
	const ticket = await desk.incident();
	await desk.message(ticket, { html: '<p>Clean</p>' });
	// As if the sanitiser were switched off: the frame is the second wall.
	await page.route('**/api/desk/tickets/*', async (route) => {
		const answer = await route.fetch();
		const body = (await answer.json()) as TicketPage;
		const html = `<base href="${evil}/"><meta http-equiv="refresh" content="0;url=${evil}/refresh"><link rel="stylesheet" href="${evil}/a.css"><style>@import url(${evil}/b.css);p{background:url(${evil}/c.png)}</style>
			<p>Raw</p><script>alert(1);fetch('${evil}/s')</script><img src="${evil}/d.png" srcset="${evil}/e.png 2x" onerror="alert(2)"><svg onload="alert(3)"><image href="${evil}/f.png"/></svg><iframe src="${evil}/g"></iframe><video src="${evil}/h" autoplay></video><object data="${evil}/i"></object>
			<form action="${evil}/j"><button>Send</button></form><a href="javascript:alert(4)">Press</a><a href="data:text/html,<script>alert(5)</script>">Data</a>`;
		await route.fulfill({ response: answer, json: { ...body, messages: body.messages.map((m) => ({ ...m, html })) } });
	});
	page.on('dialog', () => desk.troubles.push('a dialog opened'));
	await page.goto(`/incidents/${ticket.number}`);
	const frame = page.frameLocator('article iframe');
	await expect(frame.getByText('Raw')).toBeVisible();
	for (const name of ['Press', 'Data', 'Send']) await frame.getByText(name, { exact: true }).click();
	await expect(frame.getByText('Raw')).toBeVisible();
	expect(page.context().pages()).toHaveLength(1);
	expect(asked).toBe(0);
	// What was refused is told on the console; that is as it should be.
	const told = desk.troubles.filter((line) => !/^(console:|foreign host:)/.test(line));
	desk.troubles.length = 0;
	expect(told).toEqual([]);
	trap.close();
});

test('what others write and change appears by itself', async ({ agentPage: page, desk }) => {
	const ticket = await desk.incident();
	await page.goto(`/incidents/${ticket.number}`);
	await expect(page.getByText('Nobody has written yet')).toBeVisible();
	const ada = await desk.asRequester(ticket.requester);
	await desk.message(ticket, { text: 'Any news?' } as Partial<Message>, ada.token);
	await expect(page.getByRole('article', { name: 'Message by Ada Müller' })).toContainText('Any news?');
	await desk.change('tickets', ticket.id, { urgency: 1 });
	await expect(page.getByRole('button', { name: 'Set the urgency' })).toContainText('Critical');
	expect((await page1(desk, ticket)).messages).toHaveLength(1);
});

test('[ and ] walk the list, u returns to it', async ({ agentPage: page, desk }) => {
	for (const subject of ['First', 'Second', 'Third']) await desk.incident({ subject });
	await page.goto('/queue');
	await page.getByRole('link', { name: 'Second' }).click();
	await expect(page.getByRole('heading', { level: 1, name: 'Second' })).toBeVisible();
	await page.keyboard.press(']');
	await expect(page.getByRole('heading', { level: 1, name: 'First' })).toBeVisible();
	await page.keyboard.press('[');
	await page.keyboard.press('[');
	await expect(page.getByRole('heading', { level: 1, name: 'Third' })).toBeVisible();
	await page.keyboard.press('u');
	await expect(page).toHaveURL(/\/queue/);
});

test('the bell tells who gave me which ticket, and opens it', async ({ desk, context }) => {
	const kim = await desk.agent({ name: 'Kim Larsen', email: 'kim@desk.example' });
	const signed = await desk.call<Awaited<ReturnType<typeof desk.me>>>('POST', '/api/collections/agents/auth-with-password', { identity: 'kim@desk.example', password: desk.admin.password }, null);
	await desk.signIn(context, signed);
	const page = await context.newPage();
	await page.goto('/queue');
	await expect(page.getByRole('button', { name: 'Notices, 0 unread' })).toBeVisible();
	const ticket = await desk.incident({ subject: 'Printer on fire', assignee: kim.id });
	await page.getByRole('button', { name: 'Notices, 1 unread' }).click();
	const notice = page.getByRole('dialog', { name: 'Notices' }).getByRole('link', { name: /gave you this ticket/ });
	await expect(notice).toContainText('Printer on fire');
	await expectAccessible(page);
	await notice.click();
	await expect(page).toHaveURL(new RegExp(`/incidents/${ticket.number}$`));
	await expect(page.getByRole('heading', { level: 1, name: 'Printer on fire' })).toBeVisible();
	await expect(page.getByRole('button', { name: 'Notices, 0 unread' })).toBeVisible();
});

for (const [name, theme, locale, width] of [['phone, dark', 'dark', 'zh', 390], ['narrow, light', 'light', 'en', 320], ['tablet, dark', 'dark', 'en', 900]] as const) {
	test(`the ticket fits: ${name}`, async ({ desk, browser }) => {
		const context = await browser.newContext({ baseURL: desk.url, viewport: { width, height: 780 }, colorScheme: theme, locale: locale === 'zh' ? 'zh-CN' : 'en-GB', hasTouch: width < 500 });
		await desk.signIn(context);
		const ticket = await desk.incident({ subject: '申请外接显示器 with a rather long subject that needs two lines' });
		await desk.message(ticket, { html: '<p>Long: ' + 'x'.repeat(300) + '</p><table width="900"><tr><td>wide</td></tr></table>' });
		const page = await context.newPage();
		await page.goto(`/incidents/${ticket.number}`);
		await expect(page.getByRole('heading', { level: 1 })).toBeVisible();
		expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBeLessThanOrEqual(0);
		await expectAccessible(page);
		await page.getByRole('button', { name: locale === 'zh' ? '查看工单信息' : 'Show the facts' }).first().click();
		await expect(page.getByRole('dialog')).toBeVisible();
		await expectAccessible(page);
		await context.close();
	});
}

test('a selection dragged out of a dialog leaves it open', async ({ agentPage: page, desk }) => {
	const ticket = await desk.incident({ assignee: (await desk.me()).record.id });
	await page.goto(`/incidents/${ticket.number}`);
	await expect(page.getByRole('heading', { level: 1 })).toBeVisible();
	await page.keyboard.press('e');
	const text = page.getByRole('textbox', { name: 'Resolution' });
	await text.fill('Long words that helped');
	const box = (await text.boundingBox())!;
	await page.mouse.move(box.x + 60, box.y + 15);
	await page.mouse.down();
	await page.mouse.move(20, 20, { steps: 3 });
	await page.mouse.up();
	await expect(text).toHaveValue('Long words that helped');
	await page.mouse.click(20, 20);
	await expect(text).toHaveCount(0);
});
