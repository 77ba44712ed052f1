import { expect, expectAccessible, test } from './desk';
import { deliver } from './mail';

test('a mail becomes a ticket on the screen, the answer leaves, and the reply to it comes back', async ({ agentPage: page, desk, mail }) => {
	await desk.incident({ subject: 'Somebody else was first' });
	await desk.change('agents', (await desk.me()).record.id, { undo_s: 0 });
	await page.goto('/queue');
	await expect(page.getByRole('row')).toHaveCount(1);

	// In: seen without a reload, and no row has moved.
	await deliver(
		mail.port,
		'ada@customer.test',
		mail.address,
		`From: =?utf-8?q?Ada_M=C3=BCller?= <ada@customer.test>
To: ${mail.address}
Subject: The printer on floor 3
Message-ID: <first@customer.test>
MIME-Version: 1.0
Content-Type: text/html; charset=utf-8

<p>It says <b>no paper</b>.</p><script>document.title = "mine"</script>`,
	);
	await page.getByRole('button', { name: '1 new' }).click();
	await page.getByRole('link', { name: 'The printer on floor 3' }).click();
	await expect(page.getByRole('heading', { name: 'The printer on floor 3' })).toBeVisible();
	await expect(page.frameLocator('article iframe').getByText('no paper')).toBeVisible();

	// Out: by keyboard, as a mail that threads.
	await page.keyboard.press('r');
	await page.keyboard.type('Please open the second tray.');
	await page.keyboard.press('Control+Enter');
	await expect(page.getByRole('article').filter({ hasText: 'You' }).or(page.getByRole('article').nth(1))).toBeVisible();
	const left = () => mail.sink.mails.find((m) => m.raw.includes('second tray'));
	await expect.poll(() => left()?.header('In-Reply-To')).toBe('<first@customer.test>');
	const answer = left()!;
	expect(answer.to).toEqual(['ada@customer.test']);
	expect(answer.header('References')).toContain('<first@customer.test>');
	expect(answer.header('Subject')).toContain('The printer on floor 3');
	expect(answer.header('From')).toContain(mail.address);
	expect(answer.header('Message-ID')).toMatch(/^<.+@.+>$/);

	// Back: into the open ticket, without a reload.
	await deliver(
		mail.port,
		'ada@customer.test',
		mail.address,
		`From: Ada <ada@customer.test>
To: ${mail.address}
Subject: Re: ${answer.header('Subject')}
Message-ID: <second@customer.test>
In-Reply-To: ${answer.header('Message-ID')}
References: ${answer.header('References')} ${answer.header('Message-ID')}

That helped, thank you!

On Friday the desk wrote:
> Please open the second tray.`,
	);
	await expect(page.getByText('That helped, thank you!')).toBeVisible();
	await expect(page.getByRole('button', { name: 'Show quoted text' })).toBeVisible();
	await expectAccessible(page);
	expect(mail.sink.mails.filter((m) => m.raw.includes('second tray'))).toHaveLength(1);
});
