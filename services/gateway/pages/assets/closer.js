// SPDX-License-Identifier: MIT
// Charts that the server has drawn, and for who points at one, taps it or asks for it by keyboard a chart that can be asked and
// moved in its place. Most readers do not, and to draw it would keep a telephone busy for half a second.
// @ts-check

/**
 * Follows the figure of a selector, another one after another range, and has it drawn for who looks closer.
 * @param {string} selector @param {(figure: HTMLElement) => Promise<boolean>} draw tells whether it is there
 * @returns {() => HTMLElement | null} the figure that the page has now
 */
export function drawCloser(selector, draw) {
    /** @type {HTMLElement | null} */
    let figure = null;
    let isWanted = false; // somebody has looked closer, and so does with what is chosen afterwards
    /** @type {HTMLElement | null} */
    let begun = null;

    const begin = async () => {
        const place = figure;
        isWanted = true;
        if (!place || begun === place)
            return;
        begun = place;
        const isThere = await draw(place).catch(() => false);
        if (!isThere && begun === place)
            begun = null;
    };
    const find = () => {
        const found = /** @type {HTMLElement | null} */ (document.querySelector(selector));
        if (found === figure)
            return;
        figure = found;
        // A finger that only moves the page does not want it; a pointer may be there already.
        figure?.addEventListener('pointerenter', event => event.pointerType !== 'touch' && begin());
        figure?.addEventListener('click', begin); // by keyboard at its button
        if (isWanted || figure?.matches(':hover'))
            begin();
    };
    find();
    addEventListener('bourse:parts', find);
    return () => figure;
}
