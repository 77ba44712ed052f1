/** Up to which message this browser has shown a ticket; for the "unread" line. */

const storage = 'deskbell_seen';
const most = 500; // tickets remembered; chosen

function read(): Record<string, string> {
	try {
		return JSON.parse(localStorage.getItem(storage) ?? '{}') as Record<string, string>;
	} catch {
		return {};
	}
}

export const seenTickets = {
	/** When the newest message was that was shown, "" when never. */
	at: (ticket: string): string => read()[ticket] ?? '',
	mark(ticket: string, at: string): void {
		const { [ticket]: before = '', ...rest } = read();
		const kept = Object.entries(rest).slice(-most + 1);
		try {
			localStorage.setItem(storage, JSON.stringify({ ...Object.fromEntries(kept), [ticket]: at > before ? at : before }));
		} catch {
			// no room: then everything counts as read
		}
	},
};
