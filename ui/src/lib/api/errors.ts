/** What went wrong, in the few kinds that the screens tell apart. */
import { ClientResponseError } from 'pocketbase';
import { code, t } from '../i18n/index.svelte';
import type { FieldRefusal } from './records';

/** offline: no answer; expired: sign in again; missing: 404; conflict: somebody was faster; refused: a rule; limited: too often; broken: our fault. */
export type FailureKind = 'offline' | 'expired' | 'missing' | 'forbidden' | 'conflict' | 'refused' | 'limited' | 'broken' | 'cancelled';

/** A failed request, ready to be shown. */
export class Failure extends Error {
	constructor(
		readonly kind: FailureKind,
		readonly status: number,
		message: string,
		/** Refusals by field name. */
		readonly fields: Readonly<Record<string, FieldRefusal>> = {},
		/** The present record, for a conflict. */
		readonly present: unknown = null,
	) {
		super(message);
	}

	/** The sentence for one field, in the viewer's language, or "". */
	field(name: string): string {
		const refusal = this.fields[name];
		return refusal ? code('refusal', refusal.code, refusal.message) : '';
	}

	/** All sentences, the general one when no field was named. */
	get sentence(): string {
		const named = Object.keys(this.fields).map((name) => this.field(name));
		return named.length > 0 ? named.join(' ') : this.message;
	}
}

const kinds: Record<number, FailureKind> = { 0: 'offline', 400: 'refused', 401: 'expired', 403: 'forbidden', 404: 'missing', 409: 'conflict', 413: 'refused', 429: 'limited', 502: 'offline', 503: 'offline', 504: 'offline' };

/** Turns whatever was thrown into a Failure. */
export function failure(thrown: unknown): Failure {
	if (thrown instanceof Failure) return thrown;
	if (!(thrown instanceof ClientResponseError)) {
		const offline = thrown instanceof TypeError;
		return new Failure(offline ? 'offline' : 'broken', 0, t(offline ? 'failure.offline' : 'failure.broken'));
	}
	if (thrown.isAbort) return new Failure('cancelled', 0, '');
	const kind = kinds[thrown.status] ?? 'broken';
	const body = thrown.response as { message?: string; data?: unknown };
	const fields = kind === 'conflict' ? {} : fieldsOf(body.data);
	const message = kind === 'refused' && body.message ? body.message : t(`failure.${kind}`);
	return new Failure(kind, thrown.status, message, fields, kind === 'conflict' ? body.data : null);
}

function fieldsOf(data: unknown): Record<string, FieldRefusal> {
	const fields: Record<string, FieldRefusal> = {};
	for (const [name, value] of Object.entries((data ?? {}) as Record<string, unknown>)) {
		if (value && typeof value === 'object' && 'message' in value) {
			const v = value as Partial<FieldRefusal>;
			fields[name] = { code: v.code ?? '', message: v.message ?? '' };
		}
	}
	return fields;
}
