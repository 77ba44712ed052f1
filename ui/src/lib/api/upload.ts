/** fetch does not tell how far an upload is; XMLHttpRequest does. */

/** A stand-in for fetch that reports progress from 0 to 1. */
export function uploader(progress: (part: number) => void): (url: RequestInfo | URL, config?: RequestInit) => Promise<Response> {
	return (url, config = {}) =>
		new Promise((done, failed) => {
			const request = new XMLHttpRequest();
			request.open(config.method ?? 'POST', String(url));
			new Headers(config.headers).forEach((value, name) => request.setRequestHeader(name, value));
			request.upload.onprogress = (e) => e.lengthComputable && progress(e.loaded / e.total);
			request.onload = () => {
				const headers = new Headers();
				for (const line of request.getAllResponseHeaders().trim().split('\r\n')) {
					const at = line.indexOf(': ');
					if (at > 0) headers.append(line.slice(0, at), line.slice(at + 2));
				}
				const empty = request.status === 204 || request.status === 304;
				done(new Response(empty ? null : request.responseText, { status: request.status, headers }));
			};
			request.onerror = () => failed(new TypeError('network'));
			config.signal?.addEventListener('abort', () => request.abort());
			request.send(config.body as XMLHttpRequestBodyInit);
		});
}
