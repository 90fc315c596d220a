// SPDX-License-Identifier: MIT
// Symbols that are offered as a name or ticker is typed, in the search and in fields that take a ticker (data-suggest): an
// editable combobox as the ARIA Authoring Practices of the W3C describe it. Without an answer it is a plain field.
// @ts-check

const WAIT_MS = 150; // until somebody has stopped typing
const OFFERED_MAX = 8;

let made = 0; // lists so far, to name them

/** @param {string} text @param {AbortSignal} signal @returns {Promise<{ ticker: string, name: string }[]>} */
async function find(text, signal) {
    const query = new URLSearchParams({ q: text, status: 'active', limit: String(OFFERED_MAX) });
    const reply = await fetch(`/api/v1/symbols?${query}`, { signal });
    return reply.ok ? (await reply.json()).symbols : [];
}

/** @param {string} id @param {{ ticker: string, name: string }} symbol */
function makeOption(id, { ticker, name }) {
    const option = document.createElement('li');
    const strong = document.createElement('strong');
    option.id = id;
    option.setAttribute('role', 'option');
    option.dataset.ticker = ticker;
    strong.textContent = ticker;
    option.append(strong, ` ${name}`);
    return option;
}

/** @param {HTMLInputElement} input */
function makeList(input) {
    const list = document.createElement('ul');
    list.id = `suggestions-${made++}`;
    list.className = 'suggestions';
    list.hidden = true;
    list.setAttribute('role', 'listbox');
    list.setAttribute('aria-label', 'Symbols');
    input.after(list);
    for (const [name, value] of Object.entries({ role: 'combobox', 'aria-autocomplete': 'list', 'aria-expanded': 'false', 'aria-controls': list.id }))
        input.setAttribute(name, value);
    return list;
}

/** Offers symbols at a field from now on. @param {HTMLInputElement} input */
export function suggest(input) {
    if (input.getAttribute('role') === 'combobox')
        return;
    const list = makeList(input);
    let chosen = -1; // the option that the keyboard is at
    let timer = 0;
    let asked = new AbortController();

    /** @param {number} index */
    const choose = index => {
        chosen = index;
        [...list.children].forEach((option, at) => option.setAttribute('aria-selected', String(at === index)));
        const option = list.children[index];
        option?.scrollIntoView({ block: 'nearest' });
        if (option)
            input.setAttribute('aria-activedescendant', option.id);
        else
            input.removeAttribute('aria-activedescendant');
    };
    /** @param {boolean} isOpen */
    const setOpen = isOpen => {
        list.hidden = !isOpen;
        input.setAttribute('aria-expanded', String(isOpen));
        choose(-1);
    };
    const close = () => {
        clearTimeout(timer);
        asked.abort();
        setOpen(false);
    };
    /** @param {Element} option */
    const take = option => {
        const { ticker = '' } = /** @type {HTMLElement} */ (option).dataset;
        close();
        input.value = ticker;
        if (input.dataset.suggest === undefined)
            location.assign(`/symbols/${encodeURIComponent(ticker)}`);
        else
            input.dispatchEvent(new Event('input', { bubbles: true }));
    };
    const offer = async () => {
        const text = input.value.trim();
        asked.abort();
        asked = new AbortController();
        const { signal } = asked;
        try {
            const symbols = text === '' ? [] : await find(text, signal);
            list.replaceChildren(...symbols.map((symbol, index) => makeOption(`${list.id}-${index}`, symbol)));
            setOpen(symbols.length > 0 && document.activeElement === input);
        } catch {
            if (!signal.aborted)
                setOpen(false); // nobody answers
        }
    };
    const offerSoon = () => {
        // What Enter takes is among what is offered for this text, and not for the one before it.
        choose(-1);
        clearTimeout(timer);
        timer = window.setTimeout(offer, WAIT_MS);
    };

    input.addEventListener('input', event => event.isTrusted && offerSoon());
    input.addEventListener('blur', close);
    input.addEventListener('keydown', event => {
        const count = list.children.length;
        const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
        if (list.hidden || event.isComposing)
            return;
        if (step)
            choose((chosen + 1 + step + count + 1) % (count + 1) - 1); // around, by way of the field itself
        else if (event.key === 'Enter' && chosen >= 0)
            take(list.children[chosen]);
        else if (event.key === 'Escape')
            close();
        else
            return;
        event.preventDefault();
        event.stopPropagation();
    });
    // Before the field is left, which closes the list.
    list.addEventListener('pointerdown', event => event.preventDefault());
    list.addEventListener('click', event => {
        const option = event.target instanceof Element ? event.target.closest('[role="option"]') : null;
        if (option)
            take(option);
    });
    // What was typed before this was there.
    if (document.activeElement === input && input.value !== input.defaultValue)
        offerSoon();
}
