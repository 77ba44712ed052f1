/** One ticker for everything on the screen that shows an age; server's clock. */
import { serverNow } from '../api/client';

class Clock {
	/** The server's time in ms, once a minute. */
	minute = $state(serverNow());
	/** Once a second while somebody watches; see watchSeconds. */
	second = $state(serverNow());
	#watchers = 0;
	#timer: ReturnType<typeof setInterval> | undefined;

	start(): void {
		setInterval(() => (this.minute = serverNow()), 30_000);
	}

	/** Keeps `second` running until the returned function is called. */
	watchSeconds(): () => void {
		this.second = serverNow();
		if (this.#watchers++ === 0) this.#timer = setInterval(() => (this.second = serverNow()), 250);
		return () => {
			if (--this.#watchers === 0) clearInterval(this.#timer);
		};
	}
}

export const clock = new Clock();
