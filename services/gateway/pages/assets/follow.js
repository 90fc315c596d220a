// SPDX-License-Identifier: MIT
// Links in a part of the page (data-follow) that lead to the same page with that part otherwise: it alone is shown anew, so
// that what was typed elsewhere stays; and the address goes with it, so that it can be kept, sent and gone back from.
// @ts-check
import { readPage, replaceParts } from './parts.js';

const PARTS = '[data-follow]';
const address = () => location.pathname + location.search;

let shown = address();
let wanted = ''; // the link that was followed last

/** Where forms lead back to, and the login page. */
function showAddress() {
    for (const input of document.querySelectorAll('input[name="next"]'))
        if (input instanceof HTMLInputElement && input.value === shown)
            input.value = address();
    shown = address();
}

/** The links of all parts. @returns {HTMLAnchorElement[]} */
const links = () => [...document.querySelectorAll(`${PARTS} a`)].filter(link => link instanceof HTMLAnchorElement);

/** As a browser does without scripts: who has been logged out comes to the login page. @param {string} href */
const load = href => (location.href === href ? location.reload() : location.assign(href));

/** A keyboard goes on where it was: at what the link led to, at the same link or at the one in its place. @param {number} index @param {string} href */
function focusAgain(index, href) {
    const now = links();
    const { hash } = new URL(href);
    const target = hash ? document.getElementById(hash.slice(1)) : null;
    const place = target ?? now.find(link => link.href === href) ?? now[index];
    place?.focus({ preventScroll: target === null });
}

/** @param {string} href @param {() => void} arrive what is done once the page is there */
async function show(href, arrive) {
    wanted = href;
    const parts = [...document.querySelectorAll(PARTS)];
    const setBusy = (/** @type {string} */ isBusy) => parts.forEach(part => part.setAttribute('aria-busy', isBusy));
    setBusy('true');
    try {
        const fresh = await readPage(href);
        if (wanted !== href)
            return;
        if (!fresh)
            throw new Error('page');
        arrive();
        showAddress();
        const focused = links().findIndex(link => link === document.activeElement);
        links()[focused]?.blur(); // who is at a link of it does not keep it
        replaceParts(PARTS, fresh);
        if (focused >= 0)
            focusAgain(focused, href);
    } catch {
        if (wanted !== href)
            return;
        setBusy('false');
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
        show(location.href, () => undefined);
});
