/**
 * What happens on the server, as it happens. One event stream per browser: the
 * tab that holds a Web Lock keeps it and passes events on by BroadcastChannel,
 * because plain HTTP/1.1 allows only six connections to a host.
 */
import { pb } from '../api/client';
import type { Message, Notice, Ticket } from '../api/records';
import { ticketExpand } from '../api/tickets';

type Topics = { tickets: Ticket; messages: Message; notices: Notice };
export type Topic = keyof Topics;
export type Action = 'create' | 'update' | 'delete';
/** One change of one record. */
export type Change<T extends Topic = Topic> = { topic: T; action: Action; record: Topics[T] };
type Packet = { type: 'change'; change: Change } | { type: 'resync' } | { type: 'phase'; phase: Phase } | { type: 'hello' };
/** connecting: not yet; open: events flow; lost: we try again; polling: asking every 30 s instead. */
export type Phase = 'connecting' | 'open' | 'lost' | 'polling';

const pollAfter = 10_000; // UX.md §7
const pollEvery = 30_000;
const retryAfter = 3_000; // chosen

class Live {
	phase = $state<Phase>('connecting');
	#listeners = new Set<(change: Change) => void>();
	#resyncs = new Set<(first: boolean) => void>();
	#channel: BroadcastChannel | null = null;
	#leader = false;
	#expands = false;
	#stop: (() => void) | null = null;
	#seenOpen = false;

	/** Joins the browser's one stream for this person. expand: tickets come with requester, assignee and team. */
	start(person: string, topics: readonly Topic[], expand = true): () => void {
		this.stop();
		this.#expands = expand;
		const ended = new AbortController();
		const name = `deskbell-live-${person}`;
		this.#channel = new BroadcastChannel(name);
		this.#channel.onmessage = (e: MessageEvent<Packet>) => this.#receive(e.data);
		this.#post({ type: 'hello' });
		const lead = () => this.#lead(topics, ended.signal);
		if (navigator.locks) void navigator.locks.request(name, { signal: ended.signal }, lead).catch(() => undefined);
		else void lead();
		const watch = setInterval(() => this.#poll(), pollEvery);
		const wake = () => document.visibilityState === 'visible' && this.phase !== 'open' && this.#resync();
		const online = () => this.#resync();
		document.addEventListener('visibilitychange', wake);
		addEventListener('online', online);
		this.#stop = () => {
			ended.abort();
			clearInterval(watch);
			document.removeEventListener('visibilitychange', wake);
			removeEventListener('online', online);
			this.#channel?.close();
			this.#channel = null;
			this.#leader = false;
			this.phase = 'connecting';
			this.#seenOpen = false;
		};
		return () => this.stop();
	}

	stop(): void {
		this.#stop?.();
		this.#stop = null;
	}

	/** Calls run for each change of the topic. Returns the way to stop. */
	on<T extends Topic>(topic: T, run: (change: Change<T>) => void): () => void {
		const listener = (change: Change) => {
			if (change.topic === topic) run(change as Change<T>);
		};
		this.#listeners.add(listener);
		return () => this.#listeners.delete(listener);
	}

	/** Calls run when events may have been missed: load again. first: the stream has just opened, seconds after the page. */
	onResync(run: (first: boolean) => void): () => void {
		this.#resyncs.add(run);
		return () => this.#resyncs.delete(run);
	}

	/** Holds the stream until signal; the lock goes to the next tab then. */
	async #lead(topics: readonly Topic[], signal: AbortSignal): Promise<void> {
		this.#leader = true;
		this.#setPhase('connecting'); // what another tab still heard, this one may have missed
		pb.realtime.onDisconnect = () => this.#tell('lost');
		while (!signal.aborted) {
			try {
				for (const topic of topics) await this.#subscribe(topic);
				await pb.realtime.subscribe('PB_CONNECT', () => this.#connected());
				this.#connected();
				break;
			} catch {
				this.#tell('lost');
				await new Promise((done) => setTimeout(done, retryAfter));
			}
		}
		await new Promise<void>((done) => (signal.aborted ? done() : signal.addEventListener('abort', () => done(), { once: true })));
		await pb.realtime.unsubscribe().catch(() => undefined);
	}

	async #subscribe(topic: Topic): Promise<void> {
		// Requesters may not expand people of the desk; the server refuses such a topic.
		const options = topic === 'tickets' && this.#expands ? { expand: ticketExpand } : undefined;
		await pb.collection(topic).subscribe<Ticket & Message & Notice>(
			'*',
			(e) => {
				const change = { topic, action: e.action as Action, record: e.record } as Change;
				this.#deliver(change);
				this.#post({ type: 'change', change });
			},
			options,
		);
	}

	#connected(): void {
		if (this.phase === 'open') return;
		const first = !this.#seenOpen;
		this.#tell('open');
		// Screens load while the first stream opens: what changed in between is asked for.
		this.#resync(first);
		if (!first) this.#post({ type: 'resync' });
	}

	#tell(phase: Phase): void {
		this.#setPhase(phase);
		this.#post({ type: 'phase', phase });
	}

	#setPhase(phase: Phase): void {
		if (phase === 'open') this.#seenOpen = true;
		if (phase === 'lost') setTimeout(() => this.phase === 'lost' && this.#setPhase('polling'), pollAfter);
		if (phase === 'polling') this.#resync();
		if (phase === 'lost' && this.phase === 'polling') return;
		this.phase = phase;
	}

	#receive(packet: Packet): void {
		if (packet.type === 'change') this.#deliver(packet.change);
		else if (packet.type === 'resync') this.#resync();
		else if (packet.type === 'phase') this.#setPhase(packet.phase);
		else if (this.#leader) this.#post({ type: 'phase', phase: this.phase });
	}

	#poll(): void {
		if (this.phase === 'polling' && document.visibilityState === 'visible') this.#resync();
	}

	#deliver(change: Change): void {
		this.#listeners.forEach((run) => run(change));
	}
	#resync(first = false): void {
		this.#resyncs.forEach((run) => run(first));
	}
	#post(packet: Packet): void {
		this.#channel?.postMessage(packet);
	}
}

/** The live events of this tab. */
export const live = new Live();
