// SPDX-License-Identifier: MIT
// Parts of a page that are shown anew without loading it: the page is asked for again, and what has the same name
// in it takes their place, so that one place writes it.
// @ts-check

// While another part of the page is on its way this is not yet the browser's (follow.js).
let shown = location.pathname + location.search;

/** The address of what is shown: path and query. */
export const shownAddress = () => shown;

/** @param {string} address path and query */
export function setShownAddress(address) {
    shown = address;
}

/** Says how the page hears of changes. @param {'live' | 'waiting'} name @param {string} text */
export function showState(name, text) {
    const state = document.querySelector('[data-stream]');
    if (!(state instanceof HTMLElement))
        return;
    state.hidden = false;
    state.dataset.state = name;
    state.textContent = text;
}

/** Nothing is heard of any more, as nothing changes. */
export function hideState() {
    document.querySelector('[data-stream]')?.setAttribute('hidden', '');
}

/** An element and what is in it, of one kind. @param {Element} part @param {string} selector */
const within = (part, selector) => [part, ...part.querySelectorAll(selector)].filter(one => one.matches(selector));

// At what opens something, and at links that show a part otherwise, a keyboard uses nothing of it yet.
const STOPS = 'summary, [data-follow] a';

/** What has been scrolled stays where it is, what has been opened stays open, and a keyboard where it stopped. @param {Element} part @param {Element} other */
function replace(part, other) {
    const places = within(part, '.table-scroll').map(one => [one.scrollLeft, one.scrollTop]);
    const stop = within(part, STOPS).findIndex(one => one === document.activeElement);
    const text = document.activeElement?.textContent;
    const opened = within(part, 'details').map(one => one.hasAttribute('open'));
    part.replaceWith(other);
    within(other, 'details').forEach((one, index) => one.toggleAttribute('open', opened[index] ?? one.hasAttribute('open')));
    within(other, '.table-scroll').forEach((one, index) => {
        const [left, top] = places[index] ?? [0, 0];
        one.scrollTo(left, top);
    });
    const stops = within(other, STOPS);
    const again = stop < 0 || stops[stop]?.textContent === text ? stops[stop] : stops.find(one => one.textContent === text) ?? stops[stop];
    if (again instanceof HTMLElement)
        again.focus({ preventScroll: true });
}

/** What a part asks before something is done, while it asks. @param {Element} part */
const openQuestion = part => CSS.supports('selector(:popover-open)') ? part.querySelector(':popover-open') : null;

/** Whether something else is in a field than the page was made with. @param {HTMLInputElement | HTMLSelectElement} field */
const isChanged = field => field instanceof HTMLSelectElement
    ? field.selectedIndex !== Math.max([...field.options].findIndex(option => option.defaultSelected), 0)
    : field.value !== field.defaultValue;

/** Whether a part has a form that is being filled in, or that says what was wrong with it. @param {Element} part */
const isFilledIn = part => part.querySelector('.form-problem') !== null
    || /** @type {(HTMLInputElement | HTMLSelectElement)[]} */ ([...part.querySelectorAll('input, select')]).some(isChanged);

/** Whether the keyboard is in a part, other than where it only stops, or a form of it is filled in, or it asks something. @param {Element} part */
const isUsed = part => isFilledIn(part) || part.contains(document.activeElement) && !document.activeElement?.matches(STOPS) || openQuestion(part) !== null;

/** Who is using a part keeps it until that is over. @param {Element} part @param {string} name */
function renewLater(part, name) {
    const { dataset } = /** @type {HTMLElement} */ (part);
    if (dataset.isBehind)
        return;
    dataset.isBehind = 'true';
    const question = openQuestion(part);
    (question ?? part).addEventListener(question ? 'toggle' : 'focusout', () => {
        delete dataset.isBehind;
        renewParts(`[data-part="${CSS.escape(name)}"]`).catch(() => undefined);
    }, { once: true });
}

/** A page as it is now; nothing when there is no such page any more. @param {string} address @param {AbortSignal} [signal] */
export async function readPage(address, signal) {
    const reply = await fetch(address, { headers: { accept: 'text/html' }, signal });
    if (reply.status >= 500)
        throw new Error(`page: ${reply.status}`);
    return !reply.ok || reply.redirected ? undefined : new DOMParser().parseFromString(await reply.text(), 'text/html');
}

/**
 * Has parts of the page be as they are in another one.
 * @param {string} selector @param {Document} fresh
 * @param {(part: Element, other: Element) => boolean} [stays] whether one stays as it is
 */
export function replaceParts(selector, fresh, stays = () => false) {
    for (const part of document.querySelectorAll(selector)) {
        const name = /** @type {HTMLElement} */ (part).dataset.part ?? '';
        const other = fresh.querySelector(`[data-part="${CSS.escape(name)}"]`);
        if (!other || stays(part, other))
            continue;
        if (isUsed(part))
            renewLater(part, name);
        else
            replace(part, other);
    }
    dispatchEvent(new Event('bourse:parts'));
}

/**
 * Shows some parts of the page as they are now.
 * @param {string} selector
 * @returns {Promise<Document | undefined>} the page that they are of; nothing when there is no such page any more
 */
export async function renewParts(selector) {
    const address = shown;
    const fresh = await readPage(address);
    // Meanwhile somebody may have looked at other parts of it.
    if (fresh && address !== shown)
        return renewParts(selector);
    if (fresh)
        replaceParts(selector, fresh);
    return fresh;
}

const AGAIN_MS = 15000; // between two times that the same parts are asked for

/**
 * Has parts shown anew whenever that is asked for, at most so often; while nobody sees the window not at all, and not any
 * more once there is no such page, as after a logout. What fails is tried with the next time.
 * @param {string} selector
 */
export function makeRenewer(selector) {
    let askedAt = 0;
    let pending = 0; // what waits to be asked for
    let isOver = false;
    return () => {
        if (pending !== 0 || isOver || document.hidden)
            return;
        pending = window.setTimeout(async () => {
            pending = 0;
            askedAt = Date.now();
            isOver = await renewParts(selector).then(fresh => !fresh, () => false);
        }, Math.max(askedAt + AGAIN_MS - Date.now(), 0));
    };
}
