// SPDX-License-Identifier: MIT
// What makes the pages more pleasant where there is JavaScript. Nothing needs it. What a page has no use for is
// not loaded.
// @ts-check

// What has come of a form has an address that cannot be asked for again, as parts of a page are, or when it is loaded anew:
// it takes that of the page with the form.
const { origin, href: formPage } = new URL(document.referrer || '/', location.href);
if (document.body.hasAttribute('data-answer') && document.referrer !== '' && origin === location.origin)
    history.replaceState(history.state, '', formPage);

/** @param {EventTarget | null} target */
const isTyping = target => target instanceof Element && target.closest('input, select, textarea') !== null;

/** @param {KeyboardEvent} event */
function search(event) {
    const field = document.getElementById('search');
    if (!(field instanceof HTMLInputElement))
        return;
    event.preventDefault();
    field.focus();
    field.select();
}

document.addEventListener('keydown', event => {
    if (event.key === 'k' && (event.ctrlKey || event.metaKey) && !event.altKey && !event.shiftKey)
        search(event);
    if (event.ctrlKey || event.metaKey || event.altKey)
        return;
    if (event.key === 'Escape' && document.activeElement instanceof HTMLElement)
        document.activeElement.blur();
    if (isTyping(event.target))
        return;
    if (event.key === '/')
        search(event);
});

// A form that has been sent is not sent again by a second click, and none is sent where there is no connection. (The server would do it once all the same.)
// Who has stopped the browser meanwhile may send it again, and nothing tells a page of that.
const SECOND_CLICK_MS = 3000;
document.addEventListener('submit', event => {
    const form = event.target;
    if (!(form instanceof HTMLFormElement) || form.method !== 'post' || event.defaultPrevented)
        return;
    if (Date.now() - Number(form.dataset.sent ?? 0) < SECOND_CLICK_MS || !navigator.onLine)
        event.preventDefault();
    else
        form.dataset.sent = String(Date.now());
});

// Enter in a field of a form that asks first asks, too. (Its first button closes a dialog that there is not, so that without a script nothing comes of it.)
document.addEventListener('keydown', event => {
    const field = event.target;
    if (event.key !== 'Enter' || !(field instanceof HTMLInputElement) || !field.form?.hasAttribute('data-asks'))
        return;
    event.preventDefault();
    field.form.querySelector('button[popovertarget]')?.dispatchEvent(new MouseEvent('click'));
});

// Who is offline is told so, and keeps what was typed.
const showConnection = () => document.querySelector('[data-offline]')?.toggleAttribute('hidden', navigator.onLine);
addEventListener('online', showConnection);
addEventListener('offline', showConnection);
showConnection();

// A page that comes back from the browser's memory can be used again.
addEventListener('pageshow', () => {
    for (const form of document.querySelectorAll('form[data-sent]'))
        form.removeAttribute('data-sent');
});

if (document.querySelector('[data-ticket]'))
    import('./ticket.js');
// Symbols are offered to who begins to look for one.
const offerSymbols = (/** @type {Element | null} */ field) => {
    if (field instanceof HTMLInputElement && field.matches('#search, [data-suggest]'))
        import('./suggest.js').then(({ suggest }) => suggest(field));
};
document.addEventListener('focusin', event => offerSymbols(/** @type {Element} */ (event.target)));
offerSymbols(document.activeElement);

if (document.querySelector('[data-quote], [data-portfolio], [data-topic]'))
    import('./live.js');
if (document.querySelector('[data-renew]'))
    import('./renew.js');
if (document.querySelector('[data-movers]'))
    import('./movers.js');
// What nobody misses in the first moment, as the page says it and its links lead somewhere.
const whenIdle = globalThis.requestIdleCallback ?? ((/** @type {() => void} */ work) => setTimeout(work, 500));
whenIdle(() => {
    if (document.querySelector('[data-clock]'))
        import('./clock.js');
    if (document.querySelector('[data-follow]'))
        import('./follow.js');
});
// Where the page is renewed without being asked, nobody has to ask.
for (const hint of document.querySelectorAll('.without-script'))
    hint.setAttribute('hidden', '');
if (document.querySelector('[data-strategy]'))
    import('./strategy.js');
// What a part that is shown anew may bring with it.
const loadCharts = () => {
    if (document.querySelector('[data-equity]'))
        import('./equity.js');
    if (document.querySelector('[data-composition]'))
        import('./composition.js');
    if (document.querySelector('[data-performance]'))
        import('./performance.js');
    if (document.querySelector('[data-backtest]'))
        import('./backtest.js');
    if (document.querySelector('[data-chart]'))
        import('./chart.js');
};
loadCharts();
addEventListener('bourse:parts', loadCharts);
