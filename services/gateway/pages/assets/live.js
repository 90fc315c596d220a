// SPDX-License-Identifier: MIT
// Prices, orders, portfolios, backtests and runs as they change, from /api/v1/stream (docs/streams.md). What a page shows
// of more than numbers names its topic (data-topic), and is asked for again as a page, so that there is one place that writes it.
// @ts-check
import { setClock } from './clock.js';
import { decimalOf, direction, directionOf, grouped, micros, money, moneyOf, percent, percentOf, price, product, signed, signedOf } from './decimals.js';
import { sayOrder } from './notices.js';
import { hideState, renewParts, showState } from './parts.js';
import { hasSessionEnded } from './session.js';
import { dateTime } from './times.js';

const TICKERS_MAX = 150;
const PORTFOLIOS_MAX = 20; // as many as a stream takes
const WAIT_MS_MIN = 1000;
const WAIT_MS_MAX = 30000;
const ENDED = new Set(['filled', 'canceled', 'expired', 'rejected', 'replaced']);
const ARROWS = { up: '▲', down: '▼', flat: '' };

/** What some elements say in one of their data attributes, each once. @param {string} name */
const named = name => [...new Set([...document.querySelectorAll(`[data-${name}]`)]
    .map(one => /** @type {HTMLElement} */ (one).dataset[name] ?? ''))];

/** What the page shows of now, and the platform's clock. */
function topics() {
    const own = [...named('portfolio').slice(0, PORTFOLIOS_MAX).map(id => `portfolio:${id}`), ...named('topic'),
        ...named('quote').slice(0, TICKERS_MAX).map(ticker => `quotes:${ticker}`)];
    // The time runs on without being told of; for that alone there is no stream.
    return own.length > 0 ? [...own, 'clock'] : own;
}

/** The parts of the page that a topic changes. @param {string} topic */
const partsOf = topic => `[data-topic="${CSS.escape(topic)}"]`;

/** Writes a value with its arrow and colour. @param {Element} place @param {string} text @param {string} way */
function write(place, text, way) {
    const arrow = place.querySelector('.arrow');
    const small = place.querySelector('small, .sub');
    for (const node of [...place.childNodes])
        if (node.nodeType === Node.TEXT_NODE)
            node.remove();
    // Without a way the arrow is that of what stands below the value.
    if (arrow && way)
        arrow.textContent = ARROWS[/** @type {keyof ARROWS} */ (way)] ?? '';
    if (small)
        small.before(text);
    else
        place.append(text);
    if (way) {
        place.classList.remove('up', 'down', 'flat');
        place.classList.add(way);
    }
}

/** What something that was worth so much has gained, in percent; empty where it was worth nothing. @param {bigint} gain @param {bigint} from */
const gained = (gain, from) => (from > 0n ? `${signedOf(percentOf(gain, from))}%` : '');

/** What a price has changed by since another one. @param {any} quote @param {string} since */
function changeSince(quote, since) {
    const change = micros(quote.price) - micros(since);
    return [gained(change, micros(since)), directionOf(change)];
}

/** @param {any} quote */
function texts(quote) {
    const way = quote.change === undefined ? '' : direction(quote.change);
    return {
        price: [price(quote.price), ''], bid: [price(quote.bid), ''], ask: [price(quote.ask), ''],
        open: quote.open && [price(quote.open), ''], previous_close: quote.previous_close && [price(quote.previous_close), ''],
        high: quote.high && [price(quote.high), ''], low: quote.low && [price(quote.low), ''],
        volume: quote.volume !== undefined && [grouped(String(quote.volume), 0), ''],
        quoted_at: [dateTime(Date.parse(quote.quoted_at)), ''],
        change: quote.change && [signed(quote.change), way],
        change_percent: quote.change_percent && [percent(quote.change_percent), way],
        change_both: quote.change_percent && [`${signed(quote.change)} (${percent(quote.change_percent)})`, way],
    };
}

/** @param {Element} place @param {string} before @param {string} after */
function flash(place, before, after) {
    const [from, to] = [before, after].map(text => Number(text.replace(/[^\d.]/g, '')));
    place.classList.remove('tick-up', 'tick-down');
    if (from === to || Number.isNaN(from))
        return;
    void (/** @type {HTMLElement} */ (place).offsetWidth); // begins the animation anew
    place.classList.add(to > from ? 'tick-up' : 'tick-down');
}

/** What is held of a symbol is worth something else, and the profit is what that is above what it cost. @param {any} quote */
function showHoldings(quote) {
    for (const holding of document.querySelectorAll(`[data-holding="${CSS.escape(quote.ticker)}"]`)) {
        const { dataset } = /** @type {HTMLElement} */ (holding);
        const { quantity = '', cost = '' } = dataset;
        const value = product(quantity, quote.price);
        dataset.worth = decimalOf(value);
        const profit = value - micros(cost);
        const share = gained(profit, micros(cost));
        const way = directionOf(profit);
        const shown = { market_value: [moneyOf(value), ''], unrealized_pl: [signedOf(profit), way], unrealized_pl_percent: [share, ''],
            unrealized_both: [share ? `${signedOf(profit)} (${share})` : signedOf(profit), way] };
        for (const place of holding.querySelectorAll('[data-field]')) {
            const pair = shown[/** @type {keyof typeof shown} */ (/** @type {HTMLElement} */ (place).dataset.field)];
            if (pair)
                write(place, pair[0], pair[1]);
        }
    }
}

/** @param {any} quote */
function showQuote(quote) {
    const shown = texts(quote);
    for (const place of document.querySelectorAll(`[data-quote="${CSS.escape(quote.ticker)}"]`)) {
        const { field: name = '', since } = /** @type {HTMLElement} */ (place).dataset;
        const pair = since ? changeSince(quote, since) : shown[/** @type {keyof typeof shown} */ (name)];
        if (!pair)
            continue;
        const before = place.textContent ?? '';
        write(place, pair[0], pair[1]);
        place.classList.toggle('is-stale', quote.stale === true);
        if (name === 'price' && !quote.snapshot)
            flash(place, before, pair[0]);
    }
    showHoldings(quote);
    dispatchEvent(new CustomEvent('bourse:quote', { detail: quote }));
}

const CASH = ['cash_balance', 'buying_power'];

/** What the page was made with of each portfolio's cash, or is asked for again with, by portfolio and field. @type {Map<string, string>} */
const cashAsMade = new Map();

/** @param {Document} page as it was made */
function rememberCash(page) {
    for (const place of page.querySelectorAll(CASH.map(name => `[data-portfolio] [data-field="${name}"]`).join())) {
        const id = /** @type {HTMLElement} */ (place.closest('[data-portfolio]')).dataset.portfolio;
        cashAsMade.set(`${id} ${/** @type {HTMLElement} */ (place).dataset.field}`, place.textContent ?? '');
    }
}
rememberCash(document);

/** Whether a portfolio has other cash than the page was made with: it has other positions, too, whoever traded, reset or imported. @param {any} portfolio */
function hasOtherCash(portfolio) {
    const isOther = (/** @type {string} */ name) => (cashAsMade.get(`${portfolio.id} ${name}`) ?? money(portfolio[name])) !== money(portfolio[name]);
    return document.querySelector(partsOf('orders')) !== null && CASH.some(isOther);
}

/** How much of a portfolio each position is: by the total that is told after the prices it is made of. @param {any} portfolio */
function showWeights(portfolio) {
    const total = micros(portfolio.total_value ?? '0');
    for (const place of document.querySelectorAll(`[data-of="${CSS.escape(portfolio.id)}"][data-worth] [data-field="weight"]`)) {
        const { worth = '0' } = /** @type {HTMLElement} */ (place.closest('[data-of]')).dataset;
        if (total > 0n)
            write(place, `${moneyOf(percentOf(micros(worth), total))}%`, '');
    }
}

/** What a portfolio has gained since its curve began. With other cash something may have been paid in or out, which the curve says once it is drawn anew. @param {any} portfolio */
function showGain(portfolio) {
    for (const place of document.querySelectorAll(`[data-gain-of="${CSS.escape(portfolio.id)}"]`)) {
        const { cash, invested: text = '0' } = /** @type {HTMLElement} */ (place).dataset;
        if (cash !== portfolio.cash_balance)
            continue;
        const invested = micros(text);
        const gain = micros(portfolio.total_value) - invested;
        const share = gained(gain, invested);
        write(place, share ? `${signedOf(gain)} (${share})` : signedOf(gain), directionOf(gain));
    }
}

/** In percent of what the portfolio was worth when the day began. @param {any} portfolio */
function showDayPercent({ id, total_value: total, day_change: change }) {
    const share = gained(micros(change), micros(total) - micros(change));
    for (const place of document.querySelectorAll(`[data-portfolio="${CSS.escape(id)}"] [data-field="day_change"] small`))
        place.textContent = share;
}

/** @param {any} portfolio */
function showPortfolio(portfolio) {
    showWeights(portfolio);
    for (const place of document.querySelectorAll(`[data-portfolio="${CSS.escape(portfolio.id)}"] [data-field]`)) {
        const name = /** @type {HTMLElement} */ (place).dataset.field ?? '';
        const value = portfolio[name];
        if (value === undefined)
            continue;
        const isChange = name === 'day_change' || name.endsWith('_pl');
        write(place, isChange ? signed(value) : money(value), isChange ? direction(value) : '');
        if (name === 'buying_power')
            /** @type {HTMLElement} */ (place).dataset.exact = value;
    }
    if (portfolio.total_value === undefined)
        return;
    showGain(portfolio);
    if (portfolio.day_change !== undefined)
        showDayPercent(portfolio);
    dispatchEvent(new CustomEvent('bourse:portfolio', { detail: portfolio }));
}

/** A backtest that goes on as the page says is a bar that grows; another one is the page's to show. @param {any} backtest */
function showBacktest(backtest) {
    const topic = `backtest:${backtest.id}`;
    const part = document.querySelector(partsOf(topic));
    const bar = part?.querySelector('progress');
    if (/** @type {HTMLElement | null} */ (part)?.dataset.status !== backtest.status) {
        renewSoon(topic);
    } else if (bar) {
        bar.value = Number(backtest.progress_percent ?? 0);
        for (const place of part?.querySelectorAll('[data-progress]') ?? [])
            place.textContent = `${money(backtest.progress_percent ?? '0')}%`;
    }
}

/** What of an order the page may show otherwise. @param {any} order */
const stateOf = order => `${order.status} ${order.filled_quantity}`;

/** Whether something has become of the orders since the page was made. @param {any} snapshot of those that are open */
function haveMoved({ orders, more }) {
    const open = new Map(orders.map((/** @type {any} */ order) => [order.id, order]));
    const made = Date.parse(/** @type {HTMLElement | null} */ (document.querySelector('[data-clock]'))?.dataset.now ?? '');
    for (const place of document.querySelectorAll('[data-order]')) {
        const { order: id = '', state = '' } = /** @type {HTMLElement} */ (place).dataset;
        const order = open.get(id);
        open.delete(id);
        if (order ? stateOf(order) !== state : !more && !ENDED.has(state.split(' ')[0]))
            return true;
    }
    // Of those that it does not show, as it shows others, what is newer than the page.
    return [...open.values()].some(order => Date.parse(order.created_at) > made);
}

/** Whether the page lists orders that have ended: of one that came and went while it was loaded no snapshot tells. */
const listsEnded = () => document.querySelector('[data-lists-ended]') !== null;

/** @type {Set<string>} */
const changed = new Set();
let pending = 0;
let renewWait = WAIT_MS_MIN; // before parts that could not be had are asked for again

/** @param {string} topic @param {number} wait */
function renewSoon(topic, wait = 250) {
    changed.add(topic);
    if (pending !== 0)
        return;
    pending = window.setTimeout(async () => {
        const now = [...changed];
        pending = 0;
        changed.clear();
        try {
            const fresh = await renewParts(now.map(partsOf).join());
            if (fresh)
                rememberCash(fresh);
            renewWait = WAIT_MS_MIN;
        } catch {
            now.forEach(one => renewSoon(one, renewWait));
            renewWait = Math.min(renewWait * 2, WAIT_MS_MAX);
        }
    }, wait);
}

/** @type {EventSource | undefined} */
let source;
let followed = '';
let wait = WAIT_MS_MIN;
let retry = 0; // when it listens again
let hasGap = false; // since the page was made there was a time that nobody told of

/** A stream may be refused once it is open; with a message there is one. */
function findConnection() {
    wait = WAIT_MS_MIN;
    showState('live', 'Live');
}

/** @param {string} type @param {(message: any) => void} show */
function hear(type, show) {
    source?.addEventListener(type, findConnection, { once: true });
    source?.addEventListener(type, event => show(JSON.parse(event.data)));
}

/** @param {Event} event */
async function loseConnection(event) {
    // What the platform itself says: there is nothing of a topic any more, and the others go on; or why all of it ends.
    if (event instanceof MessageEvent) {
        const { topic } = JSON.parse(event.data);
        if (topic) {
            findConnection();
            renewSoon(topic);
        }
        return;
    }
    source?.close();
    hasGap = true;
    showState('waiting', 'Reconnecting');
    for (const place of document.querySelectorAll('[data-quote]'))
        place.classList.add('is-stale');
    // A stream that is refused looks to a page like one that is cut.
    const lost = source;
    if (await hasSessionEnded()) {
        hideState();
        return;
    }
    // Meanwhile the window may have been looked at again.
    if (source !== lost)
        return;
    retry = window.setTimeout(listen, wait * (0.5 + Math.random() / 2));
    wait = Math.min(wait * 2, WAIT_MS_MAX);
}

function listen() {
    source?.close();
    clearTimeout(retry);
    // A browser opens six connections to a site, for all of its windows: those that nobody sees leave theirs to others.
    if (document.hidden)
        return;
    followed = topics().join();
    if (followed === '') {
        hideState();
        return;
    }
    source = new EventSource(`/api/v1/stream?topics=${encodeURIComponent(followed)}`);
    hear('quote', showQuote);
    hear('clock', ({ clock }) => setClock(clock));
    // Its positions come with the page alone, and of what was filled while that was loaded, or by somebody else, no order tells.
    hear('portfolio', ({ portfolio }) => {
        if (hasOtherCash(portfolio)) {
            CASH.forEach(name => cashAsMade.set(`${portfolio.id} ${name}`, money(portfolio[name])));
            renewSoon('orders');
        }
        showPortfolio(portfolio);
    });
    hear('backtest', message => showBacktest(message.backtest));
    // A run may have gone on since the page was made: its snapshot counts, too.
    hear('run_events', message => renewSoon(message.topic));
    hear('order', ({ order }) => {
        sayOrder(order);
        renewSoon('orders');
    });
    // The first one is what the page shows already, mostly.
    hear('orders', message => {
        if (hasGap || listsEnded() || haveMoved(message))
            renewSoon('orders');
        hasGap = true;
    });
    source.onerror = loseConnection;
}

listen();
// What has been shown anew may be about something else.
addEventListener('bourse:parts', () => {
    if (topics().join() !== followed)
        listen();
});
document.addEventListener('visibilitychange', () => {
    hasGap = true;
    listen();
});
addEventListener('pagehide', () => source?.close());
addEventListener('pageshow', event => {
    if (event.persisted)
        location.reload();
});
