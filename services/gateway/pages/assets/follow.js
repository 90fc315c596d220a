// SPDX-License-Identifier: MIT
// Links in a part of the page (data-follow) that lead to the same page with that part otherwise: it alone is shown anew, so
// that what was typed elsewhere stays; and the address goes with it, so that it can be kept, sent and gone back from.
// @ts-check
import { readPage, renewParts, replaceParts, setShownAddress, shownAddress } from './parts.js';
import { hasSessionEnded } from './session.js';

const PARTS = '[data-follow]';
const address = () => location.pathname + location.search;

let asked = new AbortController(); // for the page of the link that was followed last
/** @type {AbortController | undefined} */
let travel; // the same, of going back or forward
let isUnderWay = false;
let renewals = 0; // of parts of the page, so far

/** Where forms lead back to, and the login page. */
function showAddress() {
    for (const input of document.querySelectorAll('input[name="next"]'))
        if (input instanceof HTMLInputElement && input.value === shownAddress())
            input.value = address();
    setShownAddress(address());
}

/** The links of all parts. @returns {HTMLAnchorElement[]} */
const links = () => [...document.querySelectorAll(`${PARTS} a`)].filter(link => link instanceof HTMLAnchorElement);

/** As a browser does without scripts. @param {string} href */
const load = href => (location.href === href ? location.reload() : location.assign(href));

const setBusy = (/** @type {boolean} */ isBusy) => document.querySelectorAll(PARTS).forEach(part => part.setAttribute('aria-busy', String(isBusy)));

/** A keyboard goes on where it was: at what the link led to, at the same link or at the one in its place. @param {number} index @param {string} href */
function focusAgain(index, href) {
    const now = links();
    const named = document.getElementById(new URL(href).hash.slice(1));
    const target = named?.matches('[tabindex]') ? named : null;
    const place = target ?? now.find(link => link.href === href) ?? now[Math.max(index, 0)];
    place?.focus({ preventScroll: target === null });
}

/** What a part shows of what there is to choose. @param {Element} part */
const chosenIn = part => [...part.querySelectorAll('a')].map(link => `${link.textContent} ${link.getAttribute('aria-current')}`).join();

/** A part that shows what it did stays, as its chart may have been moved; its links lead to what the others show now. @param {Element} part @param {Element} other */
function keepPart(part, other) {
    if (chosenIn(part) !== chosenIn(other))
        return false;
    const fresh = other.querySelectorAll('a');
    part.querySelectorAll('a').forEach((link, index) => link.setAttribute('href', fresh[index].getAttribute('href') ?? ''));
    return true;
}

/** @param {Document} page */
const readerOf = page => page.querySelector('.user')?.textContent;

/** @param {Document} fresh @param {string} href @param {string | undefined} name of the part that its link is in */
function showParts(fresh, href, name) {
    const active = document.activeElement;
    const isInside = active?.closest(PARTS) && active instanceof HTMLElement;
    const index = links().findIndex(link => link === active);
    if (isInside)
        active.blur(); // who is in it does not keep it
    showAddress();
    replaceParts(PARTS, fresh, (part, other) => /** @type {HTMLElement} */ (part).dataset.part !== name && keepPart(part, other));
    // Who types somewhere else by now goes on there.
    if (isInside || (active === document.body && new URL(href).hash))
        focusAgain(index, href);
}

function stop() {
    asked.abort();
    isUnderWay = false;
    setBusy(false);
}

/**
 * The page of a link; nothing when there is none to show parts of. Then it is loaded, and says why; or nobody answers, and this one stays.
 * @param {string} href @param {AbortSignal} signal
 */
async function ask(href, signal) {
    try {
        const fresh = await readPage(href, signal);
        if (fresh || signal.aborted)
            return fresh;
        load(href);
    } catch (error) {
        if (signal.aborted)
            return undefined;
        // A browser that goes to another page answers so, too.
        if (!(error instanceof TypeError))
            load(href);
    }
    stop();
    return undefined;
}

/** @param {string} href @param {() => void} arrive what is done once the page is there @param {string} [name] of the part that its link is in */
async function show(href, arrive, name) {
    asked.abort();
    asked = new AbortController();
    const { signal } = asked;
    const before = renewals;
    isUnderWay = true;
    setBusy(true);
    const fresh = await ask(href, signal);
    // A page that anybody may see does not tell who has been logged out meanwhile.
    const hasEnded = fresh && readerOf(fresh) !== readerOf(document) && await hasSessionEnded();
    if (!fresh || signal.aborted)
        return;
    isUnderWay = false;
    if (hasEnded) {
        stop();
        return;
    }
    arrive();
    setBusy(false);
    showParts(fresh, href, name);
    // It may have been made before what other parts were shown anew for. Where that cannot be had, the stream has a gap, and sees to it.
    if (renewals > before + 1)
        renewParts(`${PARTS}[data-topic], ${PARTS} [data-topic]`).catch(() => undefined);
}

/** To where the browser's address is already. */
function travelThere() {
    show(location.href, () => undefined);
    travel = asked;
}

/** What could not be had is looked for again. */
function catchUp() {
    if (address() !== shownAddress() && !isUnderWay)
        travelThere();
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
    }, link.closest(PARTS)?.getAttribute('data-part') ?? undefined);
});
// Back and forward. What else changes the address has its own reader (#ticket).
addEventListener('popstate', () => {
    if (address() !== shownAddress())
        travelThere();
    else if (asked === travel)
        stop(); // back here, before the other one was there
});
addEventListener('online', catchUp);
addEventListener('bourse:parts', () => {
    renewals += 1;
    catchUp();
});
