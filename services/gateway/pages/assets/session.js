// SPDX-License-Identifier: MIT
// Whether the session goes on that the page was made in. Who has none any more is told so, and how to come back here.
// @ts-check

const ANSWER_MS_MAX = 5000;

const reader = document.querySelector('.user')?.textContent;

/** Somebody else may have logged in in another window. Where it cannot be found out the session is taken to go on. */
async function isThere() {
    try {
        const reply = await fetch('/api/v1/auth/session', { signal: AbortSignal.timeout(ANSWER_MS_MAX) });
        return reply.ok ? (await reply.json()).username === reader : reply.status !== 401;
    } catch {
        return true;
    }
}

/** After something could not be had: whether that is because the session has ended, which the page says then. */
export async function hasSessionEnded() {
    if (!reader || await isThere())
        return false;
    const said = document.querySelector('[data-ended]');
    const next = document.querySelector('[data-ticket] [name="next"]');
    const back = next instanceof HTMLInputElement ? next.value : location.pathname + location.search;
    said?.querySelector('a')?.setAttribute('href', `/login?next=${encodeURIComponent(back)}`);
    said?.removeAttribute('hidden');
    return true;
}
