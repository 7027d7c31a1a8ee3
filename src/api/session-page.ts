import { createHash } from 'node:crypto';
import type { FastifyReply } from 'fastify';
import type { Principal } from '../access/authenticate.ts';

const style = `
:root { color-scheme: light dark; --text: #1d232b; --soft: #57606a; --page: #f4f5f7; --card: #fff; --line: #c8ced6;
  --accent: #1f5fbf; --on-accent: #fff; --wrong: #b3261e; --wrong-page: #fdeceb; }
@media (prefers-color-scheme: dark) { :root { --text: #e8ebef; --soft: #a3adb8; --page: #14181d; --card: #1d232a;
  --line: #414b57; --accent: #8ab4f8; --on-accent: #10151b; --wrong: #ffb4ab; --wrong-page: #3a1f1d; } }
* { box-sizing: border-box; }
body { margin: 0; min-height: 100vh; display: grid; place-items: center; padding: 1rem; color: var(--text);
  background: var(--page); font: 1rem/1.5 system-ui, sans-serif; }
main { width: 100%; max-width: 24rem; padding: 2rem 1.5rem; background: var(--card); border: 1px solid var(--line);
  border-radius: .75rem; }
.name { margin: 0 0 1.25rem; font-weight: 600; color: var(--soft); }
h1 { margin: 0 0 1rem; font-size: 1.5rem; line-height: 1.25; }
p { margin: 0 0 1rem; overflow-wrap: anywhere; }
label { display: block; margin-bottom: .375rem; font-weight: 600; }
input, button { width: 100%; min-height: 2.75rem; padding: .5rem .75rem; font: inherit; border-radius: .5rem; }
input { color: inherit; background: var(--page); border: 1px solid var(--line); }
input[aria-invalid] { border-color: var(--wrong); }
button { margin-top: 1rem; font-weight: 600; color: var(--on-accent); background: var(--accent);
  border: 1px solid transparent; cursor: pointer; }
button.quiet { color: var(--text); background: transparent; border-color: var(--line); }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
.wrong { padding: .625rem .75rem; color: var(--wrong); background: var(--wrong-page); border-radius: .5rem; }
.hint { margin: .5rem 0 0; font-size: .875rem; color: var(--soft); }
ul { margin: 0; padding: 0; list-style: none; }
li a { display: block; padding: .625rem 0; border-top: 1px solid var(--line); }
a { color: var(--accent); }
`;

const styleHash = createHash('sha256').update(style).digest('base64');

/**
 * The pages hold no script and ask no other host for anything. `same-origin`, because a form's POST says "Origin: null"
 * where there is no referrer (Fetch §4.6), and then nobody could tell that it came from us.
 */
const pageHeaders = {
  'cache-control': 'no-store',
  'content-security-policy': `default-src 'none'; style-src 'sha256-${styleHash}'; img-src data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'`,
  'content-type': 'text/html; charset=utf-8',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'same-origin',
  'x-content-type-options': 'nosniff',
};

export function sendPage(reply: FastifyReply, status: number, page: string): FastifyReply {
  return reply.code(status).headers(pageHeaders).send(page);
}

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

export const escapeHtml = (text: string): string => text.replace(/[&<>"']/g, (char) => entities[char] ?? char);

function page(title: string, body: string, head = ''): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title} – Errand</title>
<link rel="icon" href="data:,">
${head}<style>${style}</style>
</head>
<body>
<main>
<p class="name">Errand</p>
<h1>${title}</h1>
${body}
</main>
</body>
</html>
`;
}

/** Asks for an API key. @param to where to go then @param wrong what was wrong with the last one */
export function signInPage({ to, wrong }: { to: string; wrong: string | null }): string {
  const message = wrong === null ? '' : `<p class="wrong" id="wrong" role="alert">${escapeHtml(wrong)}</p>`;
  const invalid = wrong === null ? '' : ' aria-invalid="true" aria-describedby="wrong"';
  return page(
    'Sign in',
    `${message}
<form method="post" action="/sign-in">
<input type="hidden" name="to" value="${escapeHtml(to)}">
<label for="key">API key</label>
<input id="key" name="key" type="password" required autofocus autocomplete="current-password" autocapitalize="none" spellcheck="false"${invalid}>
<p class="hint">You stay signed in for 12 hours at most, and never longer than the key is good.</p>
<button>Sign in</button>
</form>`,
  );
}

const signOut = '<form method="post" action="/sign-out"><button class="quiet">Sign out</button></form>';

function whoIs({ actor, role, accounts }: Principal): string {
  const name = escapeHtml(actor.name ?? actor.id);
  const reach = accounts === '*' ? 'all accounts' : escapeHtml(accounts.join(', '));
  return `<p>You are signed in with the key <strong>${name}</strong>: ${role} for ${reach}.</p>`;
}

/** @param places what this key may open */
export function signedInPage(principal: Principal, places: readonly { href: string; text: string }[]): string {
  const links = places.map(({ href, text }) => `<li><a href="${href}">${escapeHtml(text)}</a></li>`).join('\n');
  return page('Signed in', `${whoIs(principal)}\n<ul>\n${links}\n</ul>\n${signOut}`);
}

/** The key is good, but not for what was asked. */
export function notAllowedPage(principal: Principal, reason: string): string {
  return page('Not allowed', `<p class="wrong">${escapeHtml(reason)}</p>\n${whoIs(principal)}\n${signOut}`);
}

/**
 * Opens `to` once more, from here: a browser that follows a link of another site keeps a Strict cookie to itself, so
 * that somebody signed in would be asked for the key again.
 */
export function onwardPage(to: string): string {
  const target = escapeHtml(to);
  return page(
    'One moment',
    `<p><a href="${target}">Go on</a></p>`,
    `<meta http-equiv="refresh" content="0; url=${target}">\n`,
  );
}
