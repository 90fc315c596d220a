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

/** What has been scrolled stays where it is. @param {Element} part @param {Element} other */
function keepScroll(part, other) {
    const places = [...part.querySelectorAll('.table-scroll')].map(one => [one.scrollLeft, one.scrollTop]);
    part.replaceWith(other);
    [...other.querySelectorAll('.table-scroll')].forEach((one, index) => {
        const [left, top] = places[index] ?? [0, 0];
        one.scrollTo(left, top);
    });
}

/** Shows some parts of the page as they are now; false when the page has become another one. @param {string} selector */
export async function renewParts(selector) {
    const reply = await fetch(location.href, { headers: { accept: 'text/html' } });
    if (!reply.ok)
        throw new Error(`page: ${reply.status}`);
    if (reply.redirected)
        return false;
    const fresh = new DOMParser().parseFromString(await reply.text(), 'text/html');
    for (const part of document.querySelectorAll(selector)) {
        const name = /** @type {HTMLElement} */ (part).dataset.part ?? '';
        const other = fresh.querySelector(`[data-part="${CSS.escape(name)}"]`);
        // Who is using a part keeps it.
        if (other && !part.contains(document.activeElement))
            keepScroll(part, other);
    }
    dispatchEvent(new Event('bourse:parts'));
    return true;
}
