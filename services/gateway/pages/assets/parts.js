// SPDX-License-Identifier: MIT
// Parts of a page that are shown anew without loading it: the page is asked for again, and what has the same name
// in it takes their place, so that one place writes it.
// @ts-check

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

/** What has been scrolled stays where it is. @param {Element} part @param {Element} other */
function keepScroll(part, other) {
    const places = [...part.querySelectorAll('.table-scroll')].map(one => [one.scrollLeft, one.scrollTop]);
    part.replaceWith(other);
    [...other.querySelectorAll('.table-scroll')].forEach((one, index) => {
        const [left, top] = places[index] ?? [0, 0];
        one.scrollTo(left, top);
    });
}

/** Who is using a part keeps it until that is over. @param {Element} part @param {string} name */
function renewLater(part, name) {
    const { dataset } = /** @type {HTMLElement} */ (part);
    if (dataset.isBehind)
        return;
    dataset.isBehind = 'true';
    part.addEventListener('focusout', () => {
        delete dataset.isBehind;
        renewParts(`[data-part="${CSS.escape(name)}"]`).catch(() => undefined);
    }, { once: true });
}

/** Shows some parts of the page as they are now; false when there is no such page any more. @param {string} selector */
export async function renewParts(selector) {
    const reply = await fetch(location.href, { headers: { accept: 'text/html' } });
    if (reply.status >= 500)
        throw new Error(`page: ${reply.status}`);
    if (!reply.ok || reply.redirected)
        return false;
    const fresh = new DOMParser().parseFromString(await reply.text(), 'text/html');
    for (const part of document.querySelectorAll(selector)) {
        const name = /** @type {HTMLElement} */ (part).dataset.part ?? '';
        const other = fresh.querySelector(`[data-part="${CSS.escape(name)}"]`);
        if (other && part.contains(document.activeElement))
            renewLater(part, name);
        else if (other)
            keepScroll(part, other);
    }
    dispatchEvent(new Event('bourse:parts'));
    return true;
}
