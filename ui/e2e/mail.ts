/** Mail on the wire: what a test hands to the desk, and a server that keeps what the desk sends. */
import { createServer, connect, type AddressInfo, type Socket } from 'node:net';

/** A mail as it arrived. Header names are in lower case, folded lines are one. */
export class Mail {
	readonly headers: ReadonlyMap<string, string>;
	constructor(
		readonly to: readonly string[],
		readonly raw: string,
	) {
		const lines = raw.split('\r\n\r\n', 1)[0]!.replace(/\r\n[ \t]+/g, ' ').split('\r\n');
		this.headers = new Map(lines.map((line) => [line.slice(0, line.indexOf(':')).toLowerCase(), line.slice(line.indexOf(':') + 1).trim()]));
	}
	header = (name: string) => this.headers.get(name.toLowerCase()) ?? '';
}

/** The lines of a connection, whole ones only. */
function lines(socket: Socket, take: (line: string) => void): void {
	let rest = '';
	socket.on('data', (bytes) => {
		rest += bytes.toString('latin1');
		for (let end = rest.indexOf('\r\n'); end >= 0; end = rest.indexOf('\r\n')) {
			take(rest.slice(0, end));
			rest = rest.slice(end + 2);
		}
	});
}

/** A mail server that accepts everything. */
export class Sink {
	readonly mails: Mail[] = [];
	readonly #server = createServer((socket) => this.#serve(socket));

	async listen(): Promise<number> {
		await new Promise<void>((done) => this.#server.listen(0, '127.0.0.1', done));
		return (this.#server.address() as AddressInfo).port;
	}
	close = () => this.#server.close();

	#serve(socket: Socket): void {
		const say = (line: string) => socket.write(`${line}\r\n`);
		let to: string[] = [];
		let body: string[] | null = null;
		socket.on('error', () => socket.destroy());
		lines(socket, (line) => {
			if (body) {
				if (line !== '.') return void body.push(line.replace(/^\./, ''));
				this.mails.push(new Mail(to, body.join('\r\n')));
				body = null;
				to = [];
				return say('250 kept');
			}
			const verb = line.slice(0, 4).toUpperCase();
			if (verb === 'RCPT') to.push(/<([^>]*)>/.exec(line)?.[1] ?? '');
			if (verb === 'DATA') {
				body = [];
				return say('354 go on');
			}
			if (verb === 'QUIT') return void socket.end('221 bye\r\n');
			say('250 fine');
		});
		say('220 sink');
	}
}

/** Hands a mail to the desk's own listener; done when the desk has said that it has it. */
export function deliver(port: number, from: string, to: string, raw: string): Promise<void> {
	const body = `${raw.replace(/\r?\n/g, '\r\n').replace(/^\./gm, '..')}\r\n.`;
	const steps = ['EHLO test', `MAIL FROM:<${from}>`, `RCPT TO:<${to}>`, 'DATA', body, 'QUIT'];
	return new Promise((done, failed) => {
		const socket = connect(port, '127.0.0.1');
		socket.on('error', failed);
		lines(socket, (line) => {
			if (!/^[23]/.test(line)) return failed(new Error(`the desk refused the mail: ${line}`));
			if (line[3] === '-') return;
			const next = steps.shift();
			if (next) return void socket.write(`${next}\r\n`);
			socket.end();
			done();
		});
	});
}
