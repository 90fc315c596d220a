// SPDX-License-Identifier: MIT
// Links in a part of the page (data-follow) that lead to the same page with that part otherwise: it alone is shown anew, so
// that what was typed elsewhere stays; and the address goes with it, so that it can be kept, sent and gone back from.
// @ts-check
import { readPage, replaceParts } from './parts.js';
import { hasSessionEnded } from './session.js';

const PARTS = '[data-follow]';
const address = () => location.pathname + location.search;

let shown = address();
/** @type {Promise<void> | undefined} */
let travel; // back or forward, under way
let asked = new AbortController(); // the page that is under way, of the link that was followed last

/** Where forms lead back to, and the login page. */
function showAddress() {
    for (const input of document.querySelectorAll('input[name="next"]'))
        if (input instanceof HTMLInputElement && input.value === shown)
            input.value = address();
    shown = address();
}

/** The links of all parts. @returns {HTMLAnchorElement[]} */
const links = () => [...document.querySelectorAll(`${PARTS} a`)].filter(link => link instanceof HTMLAnchorElement);

/** As a browser does without scripts. @param {string} href */
const load = href => (location.href === href ? location.reload() : location.assign(href));

const setBusy = (/** @type {boolean} */ isBusy) => document.querySelectorAll(PARTS).forEach(part => part.setAttribute('aria-busy', String(isBusy)));

/** A keyboard goes on where it was: at what the link led to, at the same link or at the one in its place. @param {number} index @param {string} href */
function focusAgain(index, href) {
    const now = links();
    const target = document.getElementById(new URL(href).hash.slice(1));
    const place = target ?? now.find(link => link.href === href) ?? now[Math.max(index, 0)];
    place?.focus({ preventScroll: target === null });
}

/** @param {Document} page */
const readerOf = page => page.querySelector('.user')?.textContent;

/** @param {Document} fresh @param {string} href */
function showParts(fresh, href) {
    const active = document.activeElement;
    const isInside = active?.closest(PARTS) && active instanceof HTMLElement;
    const index = links().findIndex(link => link === active);
    if (isInside)
        active.blur(); // who is in it does not keep it
    showAddress();
    replaceParts(PARTS, fresh);
    if (isInside || new URL(href).hash)
        focusAgain(index, href);
}

function stop() {
    asked.abort();
    setBusy(false);
}

/** @param {string} href @param {() => void} arrive what is done once the page is there */
async function show(href, arrive) {
    asked.abort();
    asked = new AbortController();
    const { signal } = asked;
    setBusy(true);
    try {
        const fresh = await readPage(href, signal);
        if (signal.aborted)
            return;
        if (!fresh)
            throw new Error('page');
        // A page that anybody may see does not tell who has been logged out meanwhile.
        if (readerOf(fresh) !== readerOf(document) && await hasSessionEnded()) {
            stop();
            return;
        }
        arrive();
        showParts(fresh, href);
    } catch {
        if (signal.aborted)
            return;
        stop();
        // Who is offline is told so, and keeps the page.
        if (navigator.onLine)
            load(href);
    }
}

document.addEventListener('click', event => {
    const link = event.target instanceof Element ? event.target.closest(`${PARTS} a`) : null;
    const isPlain = event.button === 0 && !(event.ctrlKey || event.metaKey || event.shiftKey || event.altKey || event.defaultPrevented);
    if (!(link instanceof HTMLAnchorElement) || !isPlain || link.origin !== location.origin || link.pathname !== location.pathname)
        return;
    event.preventDefault();
    const { href } = link;
    show(href, () => {
        if (href !== location.href)
            history.pushState(null, '', href);
    });
});
// Back and forward. What else changes the address has its own reader (#ticket).
addEventListener('popstate', () => {
    if (address() !== shown)
        travel = show(location.href, () => undefined).finally(() => { travel = undefined; });
    else if (travel)
        stop(); // back here, before the other one was there
});
