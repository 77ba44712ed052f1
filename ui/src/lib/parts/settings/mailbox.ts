/** The form of a mailbox: what it starts with and what is sent. */
import type { Mailbox, Security } from '../../api/records';
import { code, words } from '../../i18n/index.svelte';

export type MailboxForm = Omit<Mailbox, 'id' | 'created' | 'updated' | 'collectionId' | 'collectionName' | 'last_ok_at' | 'last_error'>;

export const secrets = ['imap_password', 'smtp_password', 'oauth_client_secret', 'oauth_refresh_token'] as const;

export const ports: Record<'imap' | 'smtp', Record<Security, number>> = { imap: { tls: 993, starttls: 143, none: 143 }, smtp: { tls: 465, starttls: 587, none: 25 } };

/** A mailbox with the defaults of the product. */
export function blankMailbox(): MailboxForm {
	return {
		name: '', address: '', active: true, auth: 'password',
		oauth_client_id: '', oauth_client_secret: '', oauth_token_url: '', oauth_scope: '', oauth_refresh_token: '',
		imap_host: '', imap_port: 993, imap_security: 'tls', imap_username: '', imap_password: '', imap_folder: 'INBOX',
		after_fetch: 'seen', move_to: '', bulk: 'ticket',
		smtp_host: '', smtp_port: 587, smtp_security: 'starttls', smtp_username: '', smtp_password: '',
		tls_ca: '', team: '', kind: 'incident', sender_name: '', subaddressing: false, poll_s: 0,
	};
}

/** The fields that the form shows, so that a refusal lands beside its control. */
export const shownFields = Object.keys(blankMailbox());

/** A stored mailbox as a form; what it lacks takes the default. */
export function toForm(row: Mailbox): MailboxForm {
	const form = blankMailbox();
	for (const name of shownFields as (keyof MailboxForm)[]) {
		const value = row[name];
		if (value !== undefined && value !== null && value !== '') Object.assign(form, { [name]: value });
	}
	for (const name of ['imap_host', 'smtp_host'] as const) form[name] = row[name] ?? '';
	form.active = row.active;
	return form;
}

/** The form as a record; secrets that were not typed are left out, which keeps them. A new mailbox sends with the password by which it receives. */
export function toRecord(form: MailboxForm, stored: boolean): Partial<Mailbox> {
	const record: Partial<Mailbox> = { ...form, imap_username: form.imap_username || form.address, smtp_username: form.smtp_username || form.imap_username || form.address };
	if (!stored && record.smtp_username === record.imap_username) record.smtp_password ||= form.imap_password;
	for (const name of secrets) if (!record[name]) delete record[name];
	return record;
}

// Domains of the great providers and their servers, as their own help pages give them.
const known: [RegExp, { imap: string; smtp: string; smtpSecurity?: Security; oauth?: { token: string; scope: string } }][] = [
	[/^(outlook|hotmail|live|office365)\./, { imap: 'outlook.office365.com', smtp: 'smtp.office365.com', oauth: { token: 'https://login.microsoftonline.com/common/oauth2/v2.0/token', scope: 'https://outlook.office.com/IMAP.AccessAsUser.All https://outlook.office.com/SMTP.Send offline_access' } }],
	[/^(gmail|googlemail)\./, { imap: 'imap.gmail.com', smtp: 'smtp.gmail.com', oauth: { token: 'https://oauth2.googleapis.com/token', scope: 'https://mail.google.com/' } }],
	[/^(qq|foxmail)\./, { imap: 'imap.qq.com', smtp: 'smtp.qq.com', smtpSecurity: 'tls' }],
	[/^(163)\./, { imap: 'imap.163.com', smtp: 'smtp.163.com', smtpSecurity: 'tls' }],
	[/^(icloud|me)\./, { imap: 'imap.mail.me.com', smtp: 'smtp.mail.me.com' }],
];

/** Fills in the servers that an address suggests; what was typed stays. */
export function guessServers(form: MailboxForm): void {
	const domain = form.address.split('@')[1]?.toLowerCase().trim();
	if (!domain?.includes('.') || form.imap_host || form.smtp_host) return;
	const found = known.find(([pattern]) => pattern.test(domain))?.[1];
	form.imap_host = found?.imap ?? `imap.${domain}`;
	form.smtp_host = found?.smtp ?? `smtp.${domain}`;
	if (found?.smtpSecurity) {
		form.smtp_security = found.smtpSecurity;
		form.smtp_port = ports.smtp[found.smtpSecurity];
	}
	if (found?.oauth && !form.oauth_token_url) {
		form.oauth_token_url = found.oauth.token;
		form.oauth_scope = found.oauth.scope;
	}
}

/** Cause or cure of a trouble. The server's English sentence names the very server and folder, so English keeps it. */
export function told(what: 'cause' | 'cure', trouble: { code?: string; cause?: string; cure?: string }): string {
	const sentence = trouble[what] ?? '';
	return words.language === 'en' && sentence ? sentence : code(`mailbox.${what}`, trouble.code ?? '', sentence);
}
