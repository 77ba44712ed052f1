// Blocking on purpose: sets the theme before the first paint. Keep it tiny.
try {
	var t = localStorage.getItem('deskbell_theme');
	if (t === 'dark' || (t !== 'light' && matchMedia('(prefers-color-scheme: dark)').matches))
		document.documentElement.classList.add('dark');
} catch {
	// no storage: the light theme
}
