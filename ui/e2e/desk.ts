/** A real desk for one test: the built executable on an empty folder, and pages that must stay free of errors. */
import AxeBuilder from '@axe-core/playwright';
import { test as base, expect, type BrowserContext, type Page } from '@playwright/test';
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { Agent, Mailbox, Message, Requester, Team, Ticket } from '../src/lib/api/records';
import { Sink } from './mail';

const binary = resolve(import.meta.dirname, process.env.DESKBELL_BIN ?? '../../bin/deskbell');
const password = 'correct-horse-battery';

type Signed = { token: string; record: { id: string; collectionName: string } };

/** What a test makes and asks through the API. */
export class Desk {
	readonly admin = { email: 'sam@desk.example', password };
	/** Answers of 400 and more that a test means to get, as "status path". */
	readonly expected: RegExp[] = [];
	readonly troubles: string[] = [];
	#me: Signed | null = null;

	constructor(
		readonly url: string,
		readonly dir: string,
	) {}

	/** The administrator's sign-in. */
	async me(): Promise<Signed> {
		this.#me ??= await this.call<Signed>('POST', '/api/collections/agents/auth-with-password', { identity: this.admin.email, password }, null);
		return this.#me;
	}

	/** The kept sign-in has ended. */
	forget(): void {
		this.#me = null;
	}

	/** One request as the administrator, or as whoever owns the token. */
	async call<T>(method: string, path: string, body?: unknown, token?: string | null): Promise<T> {
		const headers: Record<string, string> = { 'Content-Type': 'application/json' };
		if (token !== null) headers.Authorization = token ?? (await this.me()).token;
		const answer = await fetch(this.url + path, { method, headers, body: body === undefined ? undefined : JSON.stringify(body) });
		const text = await answer.text();
		if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`);
		return (text ? JSON.parse(text) : null) as T;
	}

	make = <T>(collection: string, fields: object, token?: string) => this.call<T>('POST', `/api/collections/${collection}/records`, fields, token);
	read = <T>(collection: string, id: string) => this.call<T>('GET', `/api/collections/${collection}/records/${id}`);
	change = <T>(collection: string, id: string, fields: object) => this.call<T>('PATCH', `/api/collections/${collection}/records/${id}`, fields);

	/** The requester with this address, made if there is none. */
	async requester(fields: Partial<Requester> = {}): Promise<Requester> {
		const wanted = { email: 'ada@example.com', name: 'Ada Müller', ...fields };
		const filter = encodeURIComponent(`email = "${wanted.email}"`);
		const found = await this.call<{ items: Requester[] }>('GET', `/api/collections/requesters/records?filter=${filter}`);
		return found.items[0] ?? this.make<Requester>('requesters', wanted);
	}

	/** An incident of Ada Müller, with any further fields. */
	async incident(fields: Partial<Ticket> = {}): Promise<Ticket> {
		const requester = fields.requester ?? (await this.requester()).id;
		return this.make('tickets', { kind: 'incident', subject: 'VPN drops', impact: 4, urgency: 3, ...fields, requester });
	}

	team = (name: string) => this.make<Team>('teams', { name });
	agent = (fields: Partial<Agent> & { name: string; email: string }) => this.make<Agent>('agents', { role: 'agent', password, passwordConfirm: password, active: true, ...fields });
	message = (ticket: Ticket, fields: Partial<Message>, token?: string) => this.make<Message>('messages', { ticket: ticket.id, visibility: 'public', ...fields }, token);

	/** A requester's sign-in, made by a superuser because no mail leaves this desk. */
	async asRequester(id: string): Promise<Signed> {
		const superuser = await this.call<Signed>('POST', '/api/collections/_superusers/auth-with-password', { identity: this.admin.email, password }, null);
		return this.call('POST', `/api/collections/requesters/impersonate/${id}`, { duration: 3600 }, superuser.token);
	}

	/** Opens pages of this context as the person, the administrator by default. */
	async signIn(context: BrowserContext, who?: Signed): Promise<void> {
		const kept = JSON.stringify(who ?? (await this.me()));
		// Once per tab: a test may sign out and reload.
		await context.addInitScript((auth) => {
			if (window !== top || location.protocol === 'about:' || sessionStorage.getItem('signed')) return;
			sessionStorage.setItem('signed', '1');
			localStorage.setItem('deskbell_auth', auth);
		}, kept);
	}

	/** Collects what a page must not do. */
	watch(page: Page): void {
		page.on('pageerror', (e) => this.troubles.push(`error: ${e.message}`));
		page.on('console', (m) => {
			// The answer itself is judged below; the console only repeats it. The frame of a mail refuses the recorder's own script.
			if (m.type() === 'error' && !/^(Failed to load resource|Blocked script execution in 'about:srcdoc')/.test(m.text())) this.troubles.push(`console: ${m.text()}`);
		});
		page.on('response', (r) => {
			const line = `${r.status()} ${new URL(r.url()).pathname}`;
			if (r.status() >= 400 && !this.expected.some((e) => e.test(line))) this.troubles.push(line);
		});
		page.on('request', (r) => {
			const { origin, protocol } = new URL(r.url());
			if (protocol.startsWith('http') && origin !== this.url) this.troubles.push(`foreign host: ${r.url()}`);
		});
	}
}

/** Two ports that are free; both are held until both are known. */
async function freePorts(): Promise<[number, number]> {
	const probes = await Promise.all([0, 1].map(() => new Promise<Server>((done) => { const probe = createServer().listen(0, '127.0.0.1', () => done(probe)); })));
	const ports = probes.map((probe) => (probe.address() as AddressInfo).port) as [number, number];
	await Promise.all(probes.map((probe) => new Promise((done) => probe.close(done))));
	return ports;
}

async function serve(dir: string, port: number, smtp: number): Promise<{ process: ChildProcess; said: () => string }> {
	const server = spawn(binary, ['serve', '--dir', dir, '--http', `127.0.0.1:${port}`, '--smtp-listen', `127.0.0.1:${smtp}`], { stdio: ['ignore', 'pipe', 'pipe'] });
	let said = '';
	server.stdout!.on('data', (d) => (said += d));
	server.stderr!.on('data', (d) => (said += d));
	for (let i = 0; i < 100; i++) {
		if (server.exitCode !== null) break;
		const ok = await fetch(`http://127.0.0.1:${port}/api/desk/ready`).then((r) => r.ok, () => false);
		if (ok) return { process: server, said: () => said };
		await new Promise((done) => setTimeout(done, 50));
	}
	server.kill();
	throw new Error(`the desk did not start:\n${said}`);
}

function stop(server: ChildProcess): Promise<void> {
	return new Promise((done) => {
		if (server.exitCode !== null) return done();
		server.once('exit', () => done());
		server.kill('SIGTERM');
	});
}

type Running = { url: string; dir: string; smtp: number; said: () => string };
/** A mailbox whose mail comes by the desk's own listener at port and leaves to the sink. */
type MailEnds = { address: string; port: number; sink: Sink };
type Fixtures = { fresh: boolean; running: Running; desk: Desk; agentPage: Page; mail: MailEnds };

export const test = base.extend<Fixtures>({
	/** Leaves the desk without an administrator, for the first run. */
	fresh: [false, { option: true }],

	running: async ({ fresh }, use) => {
		const dir = mkdtempSync(join(tmpdir(), 'deskbell-e2e-'));
		const data = join(dir, 'data');
		const [port, smtp] = await freePorts();
		const url = `http://127.0.0.1:${port}`;
		if (!fresh) {
			const setup = spawnSync(binary, ['setup', '--dir', data, '--admin-email', 'sam@desk.example', '--admin-password', password, '--org', 'Northwind', '--url', url], { encoding: 'utf8' });
			if (setup.status !== 0) throw new Error(`setup failed:\n${setup.stdout}${setup.stderr}`);
		}
		const server = await serve(data, port, smtp);
		await use({ url, dir: data, smtp, said: server.said });
		await stop(server.process);
		rmSync(dir, { recursive: true, force: true });
	},

	baseURL: async ({ running }, use) => use(running.url),

	/** A desk with its administrator; every page of the test is watched. */
	desk: async ({ running, context }, use) => {
		const desk = new Desk(running.url, running.dir);
		context.on('page', (page) => desk.watch(page));
		await use(desk);
		expect(desk.troubles, 'errors on the pages').toEqual([]);
	},

	mail: async ({ desk, running }, use) => {
		const sink = new Sink();
		const address = 'support@desk.example';
		await desk.make<Mailbox>('mailboxes', { name: 'Support', address, active: true, smtp_host: '127.0.0.1', smtp_port: await sink.listen(), smtp_security: 'none' });
		await use({ address, port: running.smtp, sink });
		sink.close();
	},

	/** A page of the desk, signed in as the administrator. */
	agentPage: async ({ desk, context }, use) => {
		await desk.signIn(context);
		await use(await context.newPage());
	},
});

export { expect };

/** The page has its heading and stands still. */
export async function settled(page: Page): Promise<void> {
	await expect(page.getByRole('heading', { level: 1 })).toBeAttached();
	await expect(page.locator('.skeleton')).toHaveCount(0);
	await page.evaluate(() => Promise.all(document.getAnimations().map((a) => a.finished.catch(() => undefined))));
}

/** No violation of WCAG 2.2 A and AA. The frames of mails run no script, so nothing can look inside them. */
export async function expectAccessible(page: Page): Promise<void> {
	await page.evaluate(() => Promise.all(document.getAnimations().map((a) => a.finished.catch(() => undefined))));
	const found = await new AxeBuilder({ page }).setLegacyMode(true).exclude('iframe').withTags(['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa']).analyze();
	expect(found.violations.map((v) => `${v.id}: ${v.nodes.map((n) => n.target.join(' ')).join(', ')}`)).toEqual([]);
}
