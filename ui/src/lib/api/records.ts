/** The records as the server sends them. Later generated from Go; names from PRODUCT.md §4. */

/** What every record has. */
export type Row = { id: string; created: string; updated: string; collectionId?: string; collectionName?: string };

export type Role = 'agent' | 'lead' | 'admin';

export type Agent = Row & {
	email: string;
	name: string;
	role: Role;
	teams: string[];
	locale: string;
	timezone: string;
	signature: string;
	active: boolean;
	away_until: string;
	/** Seconds in which a sent reply can be taken back; 0 switches it off. */
	undo_s: number;
	/** What this agent changed of the notices that the product ships; null when nothing. */
	notify: Partial<Record<Topic, Channels>> | null;
	/** Used by "send and resolve". */
	last_resolution_code: string;
};

/** What an agent can hear of, in the order of the settings page. */
export const topics = ['assigned', 'replied', 'team_assigned', 'team_replied'] as const;
export type Topic = (typeof topics)[number];
/** Where an agent hears of it. */
export type Channels = { mail: boolean; screen: boolean };

export type Requester = Row & {
	email: string;
	name: string;
	organization: string;
	vip: boolean;
	locale: string;
	timezone: string;
	phone: string;
};

export type Organization = Row & { name: string; domains: string[]; shares_tickets: boolean };
export type Team = Row & { name: string };

export type Kind = 'incident' | 'request' | 'problem' | 'change' | 'release';

export type State =
	| 'new' | 'assigned' | 'in_progress' | 'on_hold' | 'resolved' | 'closed' | 'cancelled'
	| 'pending_approval' | 'approved' | 'rejected'
	| 'investigating' | 'known_error' | 'awaiting_change'
	| 'draft' | 'assessment' | 'authorisation' | 'scheduled' | 'implementing' | 'review'
	| 'planning' | 'building' | 'testing' | 'deploying' | 'early_life_support';

/** States in which nothing waits any more; `state:open` means none of these. */
export const finished: readonly State[] = ['resolved', 'closed', 'cancelled', 'rejected'];

export type Channel = 'email' | 'portal' | 'phone' | 'agent' | 'api' | 'monitor' | 'chat';

export type Ticket = Row & {
	number: number;
	key: string;
	kind: Kind;
	subject: string;
	description: string;
	state: State;
	status: string;
	hold_reason: string;
	wake_at: string;
	requester: string;
	participants: string[];
	participant_addresses: string[];
	/** Of a sender whose address cannot be an account. */
	author_address: string;
	assignee: string;
	team: string;
	service: string;
	category: string;
	impact: number;
	urgency: number;
	priority: number;
	priority_computed: number;
	priority_reason: string;
	channel: Channel;
	tags: string[];
	resolution: string;
	resolution_code: string;
	parent: string;
	merged_into: string;
	reopened: number;
	major: boolean;
	confidential: boolean;
	due_at: string;
	first_response_at: string;
	resolved_at: string;
	closed_at: string;
	last_message_at: string;
	last_speaker: '' | 'requester' | 'agent';
	version: number;
	expand?: { requester?: Requester; assignee?: Agent; team?: Team };
};

export type Visibility = 'public' | 'internal';
export type Delivery = '' | 'queued' | 'sent' | 'failed' | 'bounced';

export type Message = Row & {
	ticket: string;
	author_agent: string;
	author_requester: string;
	author_address: string;
	mailbox: string;
	to: string[];
	cc: string[];
	bcc: string[];
	visibility: Visibility;
	channel: Channel;
	html: string;
	text: string;
	flags: string[];
	attachments: string[];
	attachment_info: FileInfo[] | null;
	author_name: string;
	message_id: string;
	inbound: boolean;
	send_after: string;
	delivery: Delivery;
	delivery_note: string;
	blocked_images: number;
	/** Quoted text was folded away; the original shows it. */
	trimmed: boolean;
	/** By what a mail found this ticket, and all that was looked at. */
	thread_how: string;
	thread_why: Trial[] | null;
};

/** One thing that was looked at to find the ticket of a mail. */
export type Trial = { field: string; value: string; outcome: string };

/** What the stored name of an attachment does not tell. */
export type FileInfo = { file: string; name: string; type: string; size: number; cid: string; inline: boolean };

/** A message as the ticket's own route gives it. */
export type ThreadMessage = Message & {
	author: { kind: 'agent' | 'requester' | 'system'; id: string; name: string; email?: string };
	/** The mail that it came by, "" if none. */
	mail: string;
};

export type TicketEvent = {
	id: string;
	at: string;
	type: string;
	actor_name: string;
	source: string;
	data: Record<string, unknown>;
};

/** What a refused write says about one field. */
export type FieldRefusal = { code: string; message: string };
export type Step = { to: State; allowed: boolean; refusal: (FieldRefusal & { field: string }) | null };

export type TicketPage = {
	ticket: Ticket;
	requester: Requester | null;
	participants: Requester[];
	messages: ThreadMessage[];
	events: TicketEvent[];
	steps: Step[];
};

export type NoticeKind = 'assigned' | 'replied' | 'team_assigned' | 'team_replied' | 'delivery' | 'alarm';
export type Notice = Row & { agent: string; ticket: string; kind: NoticeKind; subject: string; actor_name: string; read: boolean };

/** A row of a list that an administrator edits: hold reasons, resolution codes. */
export type CodeRow = Row & { code: string; label: string | Record<string, string>; order: number; active: boolean; ends?: 'resolved' | 'cancelled'; wake_days?: number };
export type MatrixRow = Row & { impact: number; urgency: number; priority: number };

export type Security = 'tls' | 'starttls' | 'none';

export type Mailbox = Row & {
	name: string;
	address: string;
	active: boolean;
	auth: 'password' | 'oauth';
	oauth_client_id: string;
	oauth_client_secret: string;
	oauth_token_url: string;
	oauth_scope: string;
	oauth_refresh_token: string;
	imap_host: string;
	imap_port: number;
	imap_security: Security;
	imap_username: string;
	imap_password: string;
	imap_folder: string;
	after_fetch: 'keep' | 'seen' | 'move' | 'delete';
	move_to: string;
	bulk: 'ticket' | 'ignore';
	smtp_host: string;
	smtp_port: number;
	smtp_security: Security;
	smtp_username: string;
	smtp_password: string;
	tls_ca: string;
	team: string;
	kind: 'incident' | 'request';
	sender_name: string;
	subaddressing: boolean;
	poll_s: number;
	last_ok_at: string;
	last_error: { code?: string; cause?: string; cure?: string } | null;
};

/** What the watcher of a mailbox is doing; code, cause and cure of its trouble, if any. */
export type MailboxStatus = { phase: string; at: string; next_at: string; taken: number; idle: boolean; code?: string; cause?: string; cure?: string; temporary?: boolean };

/** One line of the connection test. */
export type TestStep = {
	/** Which server; "" for a step of both. */
	server: 'imap' | 'smtp' | '';
	step: 'name' | 'tls' | 'sign_in' | 'folder' | 'send' | 'receive' | 'test';
	ok: boolean;
	ms: number;
	note: string;
	code: string;
	cause: string;
	cure: string;
};

export type InboundMail = Row & {
	mailbox: string;
	message_id: string;
	received_at: string;
	state: 'received' | 'ticketed' | 'ignored' | 'duplicate' | 'quarantined';
	reason: string;
	size: number;
	subject: string;
	sender: string;
	detail: string;
};

export type Counts = { all: number; mine: number; unassigned: number; teams: Record<string, number> };
