// SPDX-License-Identifier: MIT
// What all charts by lightweight-charts have in common: they take the place of what the server has drawn, and have the
// colours of the theme.
// @ts-check
import { grouped } from './decimals.js';
import { readOut } from './readout.js';
import { barTime, isIntraday, months } from './times.js';

const dark = matchMedia('(prefers-color-scheme: dark)');

/**
 * What stands below a tick, in UTC as in the tables.
 * @param {number} seconds of Unix time
 * @param {number} type the library's TickMarkType: 0 a year, 1 a month, 2 a day, 3 a time, 4 one with seconds
 */
function tickMark(seconds, type) {
    const at = new Date(seconds * 1000);
    const names = [String(at.getUTCFullYear()), months[at.getUTCMonth()], String(at.getUTCDate())];
    return names[type] ?? at.toISOString().slice(11, type === 3 ? 16 : 19);
}

/** How each of them begins. A finger that moves up or down on it moves the page; the label at its left edge is whole. */
export const frame = { autoSize: true, handleScroll: { vertTouchDrag: false }, layout: { attributionLogo: false },
    timeScale: { borderVisible: false, fixLeftEdge: true, tickMarkFormatter: tickMark } };

/** Has a chart say when its bars were. @param {any} chart @param {string} timeframe */
export const setTimes = (chart, timeframe) => chart.applyOptions({ timeScale: { timeVisible: isIntraday(timeframe) },
    localization: { timeFormatter: (/** @type {number} */ seconds) => barTime(seconds, timeframe) } });

/** A percentage on an axis. */
export const percentFormat = { type: 'custom',
    formatter: (/** @type {number} */ value) => `${value.toFixed(2).replace('-', '−')}%` };

/** Money on an axis: with its thousands apart, as everywhere. */
export const moneyFormat = { type: 'custom', minMove: 0.01, formatter: (/** @type {number} */ value) => grouped(value.toFixed(2), 2) };

// Those that a chart is painted with.
const tokens = { surface: '--surface', muted: '--muted', line: '--line', accent: '--accent', up: '--up', down: '--down', downSoft: '--down-soft' };

/** @typedef {{ [name in keyof typeof tokens]: string }} Colors */

/**
 * Colours of the design as the theme has them at present. All at once, for the page's styles are worked out for it.
 * @param {Element} place
 */
function readColors(place) {
    const probes = Object.entries(tokens).map(([name, token]) => {
        const probe = document.createElement('span');
        probe.style.color = `var(${token})`;
        return { name, probe };
    });
    place.append(...probes.map(({ probe }) => probe));
    const colors = probes.map(({ name, probe }) => [name, getComputedStyle(probe).color]);
    for (const { probe } of probes)
        probe.remove();
    return /** @type {Colors} */ (Object.fromEntries(colors));
}

/** @param {any} chart @param {Colors} colors */
function paintFrame(chart, colors) {
    chart.applyOptions({
        layout: { background: { color: colors.surface }, textColor: colors.muted },
        grid: { vertLines: { visible: false }, horzLines: { color: colors.line } },
        rightPriceScale: { borderVisible: false, entireTextOnly: true },
    });
}

/** All of it is seen again when the window becomes narrower or wider. @param {Element} box @param {any} chart */
function refit(box, chart) {
    let width = box.clientWidth;
    new ResizeObserver(() => {
        // The chart has measured itself by the next frame.
        if (box.clientWidth !== width)
            requestAnimationFrame(() => box.isConnected && chart.timeScale().fitContent());
        width = box.clientWidth;
    }).observe(box);
}

/** What the API answers. @param {string} address */
export async function readApi(address) {
    const reply = await fetch(address);
    if (!reply.ok)
        throw new Error(`${address}: ${reply.status}`);
    return reply.json();
}

/** @type {Map<string, Promise<any>>} */
const asked = new Map();

/** The same, asked for once by all of a page's charts. @param {string} address */
export function readApiOnce(address) {
    const known = asked.get(address) ?? readApi(address);
    asked.set(address, known);
    known.catch(() => asked.delete(address));
    return known;
}

/** A box in place of what the server has drawn, and how that comes back. @param {HTMLElement} figure */
function makeBox(figure) {
    const drawn = figure.querySelector('.candles, svg');
    const caption = figure.querySelector('figcaption');
    const box = document.createElement('div');
    box.className = drawn?.classList.contains('is-short') ? 'chart-live is-short' : 'chart-live';
    box.setAttribute('aria-label', figure.querySelector('[role="img"]')?.getAttribute('aria-label') ?? 'Chart');
    drawn?.replaceWith(box);
    caption?.remove();
    return { box, undo: () => drawn && caption && box.replaceWith(drawn, caption) };
}

/**
 * Draws a chart in a figure, and tells whether it is there. What fails leaves what the server has drawn. It is painted anew
 * for another theme and when parts of the page have changed, which its marks may be made of; and is gone with its figure.
 * @param {HTMLElement} figure
 * @param {() => Promise<any>} read what it shows
 * @param {(library: any, box: HTMLElement, shown: any, gone: AbortSignal) => { chart: any, paint: (colors: Colors) => void, reading: import('./readout.js').Reading }} draw
 */
export async function show(figure, read, draw) {
    const gone = new AbortController();
    const { signal } = gone;
    /** @type {ReturnType<typeof makeBox> | undefined} */
    let made;
    try {
        // @ts-ignore: without types of its own
        const [library, shown] = await Promise.all([import('./lightweight-charts.standalone.production.mjs'), read()]);
        // Meanwhile another one may have taken its place.
        if (!figure.isConnected)
            return false;
        const isInside = figure.contains(document.activeElement);
        made = makeBox(figure);
        const { box } = made;
        const { chart, paint, reading } = draw(library, box, shown, signal);
        const paintAll = () => {
            const colors = readColors(box);
            paintFrame(chart, colors);
            paint(colors);
        };
        paintAll();
        readOut(chart, box, reading, signal);
        // Who has asked for it by keyboard goes on in it.
        if (isInside)
            box.focus({ preventScroll: true });
        dark.addEventListener('change', paintAll, { signal });
        addEventListener('bourse:parts', () => {
            if (box.isConnected) {
                paintAll();
                return;
            }
            gone.abort();
            chart.remove();
        }, { signal });
        refit(box, chart);
        return true;
    } catch {
        gone.abort();
        made?.undo();
        return false;
    }
}
