import type { Page } from '@playwright/test';
import type { Message, Ticket, TicketPage } from '../src/lib/api/records';
import { expect, expectAccessible, test, type Desk } from './desk';

const messages = async (desk: Desk, ticket: Ticket) => (await desk.call<TicketPage>('GET', `/api/desk/tickets/${ticket.key}`)).messages;
const editor = (page: Page, name = 'Reply') => page.locator(`.prose-edit[aria-label="${name}"]`);

/** How many files the browser keeps for the reply; runs in the page. */
const keptFiles = (ticket: string) =>
	new Promise<number>((done) => {
		const request = indexedDB.open('deskbell');
		request.onsuccess = () => {
			const kept = request.result.transaction('files').objectStore('files').get(`deskbell_draft_${ticket}_reply`);
			kept.onsuccess = () => done((kept.result as unknown[] | undefined)?.length ?? 0);
		};
	});

async function open(page: Page, ticket: Ticket, key = 'r'): Promise<void> {
	await page.goto(`/incidents/${ticket.number}`);
	await expect(page.getByRole('heading', { level: 1 })).toBeVisible();
	await page.keyboard.press(key);
	await expect(editor(page, key === 'r' ? 'Reply' : 'Note')).toBeFocused();
}

test('reply and note share nothing and look apart', async ({ agentPage: page, desk }) => {
	const ticket = await desk.incident();
	await open(page, ticket);
	await page.keyboard.type('For Ada');
	const reply = page.getByRole('region', { name: 'Write a reply' });
	await expect(reply).toContainText('Visible to Ada Müller');
	await expect(reply.getByRole('button', { name: 'Send reply' })).toBeVisible();
	expect(await reply.evaluate((el) => getComputedStyle(el).borderStyle)).toBe('solid');
	await expectAccessible(page);
	await page.keyboard.press('Escape');
	await page.keyboard.press('n');
	await expect(editor(page, 'Note')).toBeFocused();
	await expect(editor(page, 'Note')).toHaveText('');
	await page.keyboard.type('For us');
	const note = page.getByRole('region', { name: 'Write an internal note' });
	await expect(note).toContainText('Only agents can see this');
	expect(await note.evaluate((el) => getComputedStyle(el).borderStyle)).toBe('dashed');
	await expectAccessible(page);
	await page.reload();
	await expect(page.getByRole('heading', { level: 1 })).toBeVisible();
	await page.keyboard.press('n');
	await expect(editor(page, 'Note')).toHaveText('For us');
	await page.getByRole('button', { name: /Reply to requester/ }).click();
	await expect(editor(page)).toHaveText('For Ada');
	await page.getByRole('button', { name: /Internal note/ }).first().click();
	await page.keyboard.press('Control+Enter');
	await expect(page.getByRole('article', { name: /^Internal note/ })).toBeVisible();
	const stored = await messages(desk, ticket);
	expect(stored).toHaveLength(1);
	expect(stored[0]).toMatchObject({ visibility: 'internal', html: '<p dir="auto">For us</p>' });
});

test('a reply can be taken back, after a reload as well', async ({ agentPage: page, desk }) => {
	await desk.change('agents', (await desk.me()).record.id, { undo_s: 20 });
	const ticket = await desk.incident();
	await open(page, ticket);
	await page.keyboard.type('Please try the new profile.');
	await page.keyboard.press('Control+Enter');
	const toast = page.getByRole('status').filter({ hasText: 'Reply sent' });
	await expect(toast).toBeVisible();
	expect(await messages(desk, ticket)).toHaveLength(1);
	await page.keyboard.press('z');
	await expect(editor(page)).toHaveText('Please try the new profile.');
	await expect.poll(async () => (await messages(desk, ticket)).length).toBe(0);
	await page.keyboard.press('Control+Enter');
	await expect(toast).toBeVisible();
	await page.reload();
	await expect(toast).toBeVisible();
	await toast.getByRole('button', { name: 'Undo' }).click();
	await expect(editor(page)).toHaveText('Please try the new profile.');
	await expect.poll(async () => (await messages(desk, ticket)).length).toBe(0);
});

test('send and resolve uses the reply as resolution; undo takes both back', async ({ agentPage: page, desk }) => {
	await desk.change('agents', (await desk.me()).record.id, { undo_s: 20, last_resolution_code: 'solved' });
	const ticket = await desk.incident({ assignee: (await desk.me()).record.id, state: 'in_progress' });
	await open(page, ticket);
	await page.keyboard.type('It is fixed.');
	await page.keyboard.press('Control+Shift+Enter');
	await expect.poll(() => desk.read<Ticket>('tickets', ticket.id)).toMatchObject({ state: 'resolved', resolution: 'It is fixed.', resolution_code: 'solved' });
	await page.getByRole('status').getByRole('button', { name: 'Undo' }).click();
	await expect.poll(() => desk.read<Ticket>('tickets', ticket.id)).toMatchObject({ state: 'in_progress' });
	await expect.poll(async () => (await messages(desk, ticket)).length).toBe(0);
	await page.getByRole('button', { name: 'What happens after sending' }).click();
	await page.getByRole('menuitemradio', { name: /Wait for the requester/ }).click();
	await page.getByRole('button', { name: 'Send and wait' }).click();
	await expect.poll(() => desk.read<Ticket>('tickets', ticket.id)).toMatchObject({ state: 'on_hold', hold_reason: 'awaiting_requester' });
});

test('without a last code, send and resolve asks first', async ({ agentPage: page, desk }) => {
	const ticket = await desk.incident();
	await open(page, ticket);
	await page.keyboard.type('Done.');
	await page.keyboard.press('Control+Shift+Enter');
	const dialog = page.getByRole('dialog', { name: 'Resolve' });
	await expect(dialog.getByRole('textbox')).toHaveValue('Done.');
	expect(await messages(desk, ticket)).toHaveLength(0);
	await dialog.getByRole('combobox').selectOption('solved');
	await dialog.getByRole('button', { name: 'Send and resolve' }).click();
	await expect.poll(() => desk.read<Ticket>('tickets', ticket.id)).toMatchObject({ state: 'resolved', resolution: 'Done.' });
	expect(await messages(desk, ticket)).toHaveLength(1);
});

test('pictures are pasted into the text, files go along, both survive reload and undo', async ({ agentPage: page, desk }) => {
	await desk.change('agents', (await desk.me()).record.id, { undo_s: 20 });
	const ticket = await desk.incident();
	await open(page, ticket);
	await page.keyboard.type('See: ');
	await page.evaluate(async () => {
		const canvas = Object.assign(document.createElement('canvas'), { width: 40, height: 20 });
		const blob = await new Promise<Blob>((done) => canvas.toBlob((b) => done(b!)));
		const data = new DataTransfer();
		data.items.add(new File([blob], 'shot.png', { type: 'image/png' }));
		document.activeElement!.dispatchEvent(new ClipboardEvent('paste', { clipboardData: data, bubbles: true, cancelable: true }));
	});
	await expect(editor(page).locator('img')).toHaveAttribute('src', /^blob:/);
	await page.getByRole('textbox', { name: /shot.png shows/ }).fill('the error');
	await page.locator('input[data-files]').setInputFiles({ name: '../log 1.txt', mimeType: 'text/plain', buffer: Buffer.from('log') });
	await expect(page.getByRole('list', { name: 'Attached files' }).getByRole('listitem')).toHaveCount(2);
	await expectAccessible(page);
	await expect.poll(() => page.evaluate(keptFiles, ticket.id)).toBe(2);
	await page.reload();
	await expect(page.getByRole('heading', { level: 1 })).toBeVisible();
	await page.keyboard.press('r');
	await expect(page.getByRole('list', { name: 'Attached files' }).getByRole('listitem')).toHaveCount(2);
	await expect(editor(page).locator('img')).toHaveAttribute('src', /^blob:/);
	await page.keyboard.press('Control+Enter');
	const article = page.getByRole('article', { name: /^Message by/ });
	await expect(article).toContainText('log 1.txt');
	const picture = () => page.locator('article iframe').evaluate((el: HTMLIFrameElement) => el.contentDocument!.querySelector('img')?.naturalWidth);
	await expect.poll(picture).toBe(40);
	const [sent] = await messages(desk, ticket);
	expect(sent!.html).toContain('src="cid:');
	expect(sent!.attachment_info).toEqual(expect.arrayContaining([expect.objectContaining({ name: 'shot.png', inline: true }), expect.objectContaining({ inline: false })]));
	await page.getByRole('status').getByRole('button', { name: 'Undo' }).click();
	await expect(page.getByRole('list', { name: 'Attached files' }).getByRole('listitem')).toHaveCount(2);
	await expect(editor(page).locator('img')).toHaveAttribute('src', /^blob:/);
});

test('recipients are in words, editable, and a new one is marked', async ({ agentPage: page, desk }) => {
	const ticket = await desk.incident();
	await open(page, ticket);
	await page.getByRole('button', { name: 'Change', exact: true }).click();
	const cc = page.getByRole('textbox', { name: 'Add a copy recipient' });
	await cc.fill('not an address');
	await cc.press('Enter');
	await expect(page.getByText('This is no mail address.')).toBeVisible();
	await cc.fill('boss@example.com');
	await cc.press('Enter');
	await expect(page.getByRole('img', { name: 'Never seen on this ticket' })).toBeVisible();
	await expectAccessible(page);
	await editor(page).click();
	await page.keyboard.type('Hello');
	await page.keyboard.press('Control+Enter');
	await expect.poll(async () => (await messages(desk, ticket))[0]).toMatchObject({ to: ['ada@example.com'], cc: ['boss@example.com'] });
});

test('naming a colleague in a reply warns and can become a note', async ({ agentPage: page, desk }) => {
	await desk.agent({ name: 'Kim Larsen', email: 'kim@desk.example' });
	const ticket = await desk.incident();
	await open(page, ticket);
	await page.keyboard.type('@Kim can you look?');
	await expect(page.getByText('You mention @Kim Larsen where the requester reads it.')).toBeVisible();
	await page.getByRole('button', { name: 'Turn this draft into a note' }).click();
	await expect(editor(page, 'Note')).toHaveText('@Kim can you look?');
	await page.getByRole('button', { name: 'More for this draft' }).click();
	await page.getByRole('menuitem', { name: 'Turn this draft into a reply…' }).click();
	await expect(page.getByRole('dialog', { name: 'Turn the note into a reply?' })).toBeVisible();
	await page.getByRole('dialog').getByRole('button', { name: 'Turn into a reply' }).click();
	await expect(editor(page)).toHaveText('@Kim can you look?');
});

test('an answer that comes while writing stops the first Send', async ({ agentPage: page, desk }) => {
	const ticket = await desk.incident();
	await open(page, ticket);
	await page.keyboard.type('My answer');
	const ada = await desk.asRequester(ticket.requester);
	await desk.message(ticket, { text: 'Never mind, it works' } as Partial<Message>, ada.token);
	await expect(page.getByRole('alert')).toContainText('Ada Müller wrote');
	await expectAccessible(page);
	await page.keyboard.press('Control+Enter');
	await expect(page.getByRole('button', { name: 'Send anyway' })).toBeVisible();
	expect(await messages(desk, ticket)).toHaveLength(1);
	await page.keyboard.press('Control+Enter');
	await expect.poll(async () => (await messages(desk, ticket)).length).toBe(2);
});

test('an input method keeps its keys', async ({ agentPage: page, desk }) => {
	const ticket = await desk.incident();
	await open(page, ticket);
	await page.keyboard.type('你好');
	await editor(page).evaluate((el) => {
		for (const init of [{ key: 'Enter', ctrlKey: true }, { key: 'Escape' }]) el.dispatchEvent(new KeyboardEvent('keydown', { ...init, isComposing: true, bubbles: true, cancelable: true }));
	});
	await expect(editor(page)).toHaveText('你好');
	expect(await messages(desk, ticket)).toHaveLength(0);
});

test('what is typed at once after r is text, never a command', async ({ agentPage: page, desk }) => {
	const ticket = await desk.incident();
	await page.goto(`/incidents/${ticket.number}`);
	await expect(page.getByRole('heading', { level: 1 })).toBeVisible();
	await page.keyboard.press('r');
	await page.keyboard.type('Please use the new menu, is  it there? ');
	await page.keyboard.type('Yes.');
	await expect(editor(page)).toHaveText('Please use the new menu, is  it there? Yes.');
	await expect(page.getByRole('dialog')).toHaveCount(0);
});

test('a draft thrown away and a reply taken back come before what was written since', async ({ agentPage: page, desk }) => {
	await desk.change('agents', (await desk.me()).record.id, { undo_s: 20 });
	const ticket = await desk.incident();
	await open(page, ticket);
	await page.keyboard.type('First thought');
	await page.getByRole('button', { name: 'Discard the draft' }).click();
	await page.getByRole('status').getByRole('button', { name: 'Undo' }).click();
	await expect(editor(page)).toHaveText('First thought');
	await page.keyboard.press('Control+Enter');
	await expect(editor(page)).toHaveCount(0);
	await page.keyboard.press('r');
	await page.keyboard.type('Second thought');
	await page.getByRole('status').getByRole('button', { name: 'Undo' }).click();
	await expect(editor(page).locator('p')).toHaveText(['First thought', 'Second thought']);
	expect(await messages(desk, ticket)).toHaveLength(0);
});
