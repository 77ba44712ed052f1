import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, expectAccessible, settled, test } from './desk';

const words = join(import.meta.dirname, '../src/lib/i18n/en');
const keys = readdirSync(words).flatMap((file) => Object.keys(JSON.parse(readFileSync(join(words, file), 'utf8')) as object));

const routes = ['/queue', '/queue/mine', '/queue/unassigned', '/incidents/1', '/incidents/new', '/settings/me', '/settings/mail', '/settings/mail/new', '/nowhere/at/all'];

for (const theme of ['light', 'dark'] as const) {
	for (const [language, locale] of [['en', 'en-GB'], ['zh', 'zh-CN']] as const) {
		for (const width of [1360, 390]) {
			test(`every page of the workspace is accessible: ${theme}, ${language}, ${width} px`, async ({ desk, browser, running }) => {
				test.setTimeout(90_000);
				await desk.incident({ subject: 'VPN drops <b>now</b>' });
				const context = await browser.newContext({ baseURL: running.url, colorScheme: theme, locale, viewport: { width, height: 844 } });
				context.on('page', (page) => desk.watch(page));
				await desk.signIn(context);
				const page = await context.newPage();
				for (const route of routes) {
					await page.goto(route);
					await settled(page);
					await expectAccessible(page);
					const text = await page.locator('body').innerText();
					expect(keys.filter((key) => key.includes('.') && text.includes(key))).toEqual([]);
				}
				await context.close();
			});
		}
	}
}

test('320 px wide, nothing scrolls sideways', async ({ agentPage: page, desk }) => {
	await desk.incident({ subject: 'A-very-long-subject-without-a-single-space-that-could-be-broken-anywhere-in-it' });
	await page.setViewportSize({ width: 320, height: 640 });
	for (const route of routes) {
		await page.goto(route);
		await settled(page);
		expect(await page.evaluate(() => document.documentElement.scrollWidth), route).toBeLessThanOrEqual(320);
	}
});

test('after a change of page focus is on the heading and the title is said', async ({ agentPage: page, desk }) => {
	await desk.incident();
	await page.goto('/queue');
	await page.getByRole('link', { name: 'Unassigned' }).first().click();
	await expect(page.getByRole('heading', { level: 1 })).toBeFocused();
	await expect(page).toHaveTitle(/Unassigned/);
	await expect(page.locator('[aria-live=polite]').first()).toHaveText('Unassigned');
});

test('on the phone the drawer opens, holds focus and closes by Escape or by going somewhere', async ({ agentPage: page, desk }) => {
	await desk.incident();
	await page.setViewportSize({ width: 390, height: 844 });
	await page.goto('/queue');
	const menu = page.getByRole('button', { name: 'Open the menu' });
	await menu.click();
	const rail = page.getByRole('complementary', { name: 'Workspace' });
	await expect(rail.getByRole('link', { name: 'My work' })).toBeFocused();
	await expectAccessible(page);
	await page.keyboard.press('Escape');
	await expect(rail).toBeHidden();
	await expect(menu).toBeFocused();
	await menu.click();
	await rail.getByRole('link', { name: /Unassigned/ }).click();
	await expect(page.getByRole('heading', { name: 'Unassigned' })).toBeVisible();
	await expect(rail).toBeHidden();
});
