// SPDX-License-Identifier: MIT
// What all charts by lightweight-charts have in common: they take the place of the line that the server has drawn,
// and have the colours of the theme.
// @ts-check

const dark = matchMedia('(prefers-color-scheme: dark)');

/** How each of them begins. */
export const frame = { autoSize: true, layout: { attributionLogo: false } };

/** A percentage on an axis. */
export const percentFormat = { type: 'custom',
    formatter: (/** @type {number} */ value) => `${value.toFixed(2).replace('-', '−')}%` };

// Made once: a chart formats numbers all the time, and making one takes longer than all else that it does.
const money = new Intl.NumberFormat('en-US', { minimumFractionDigits: 2, maximumFractionDigits: 2 });

/** Money on an axis: with its thousands apart, as everywhere. */
export const moneyFormat = { type: 'custom', minMove: 0.01,
    formatter: (/** @type {number} */ value) => money.format(value).replace('-', '−') };

/** A colour of the design as the theme has it at present. @param {Element} place @param {string} name */
export function token(place, name) {
    const probe = document.createElement('span');
    probe.style.color = `var(${name})`;
    place.append(probe);
    const color = getComputedStyle(probe).color;
    probe.remove();
    return color;
}

/** @param {Element} box @param {any} chart */
function paintFrame(box, chart) {
    chart.applyOptions({
        layout: { background: { color: token(box, '--surface') }, textColor: token(box, '--muted') },
        grid: { vertLines: { visible: false }, horzLines: { color: token(box, '--line') } },
        rightPriceScale: { borderVisible: false, entireTextOnly: true },
    });
}

/** All of it is seen again when the window becomes narrower or wider. @param {Element} box @param {any} chart */
function refit(box, chart) {
    let width = box.clientWidth;
    new ResizeObserver(() => {
        // The chart has measured itself by the next frame.
        if (box.clientWidth !== width)
            requestAnimationFrame(() => chart.timeScale().fitContent());
        width = box.clientWidth;
    }).observe(box);
}

/** @param {HTMLElement} figure */
function makeBox(figure) {
    const svg = figure.querySelector('svg');
    const box = document.createElement('div');
    box.className = svg?.classList.contains('is-short') ? 'chart-live is-short' : 'chart-live';
    box.setAttribute('role', 'group');
    box.setAttribute('aria-label', svg?.getAttribute('aria-label') ?? 'Chart');
    svg?.replaceWith(box);
    figure.querySelector('figcaption')?.remove();
    return box;
}

/**
 * Draws a chart in a figure. What fails leaves the line that is there.
 * @param {HTMLElement} figure
 * @param {() => Promise<any>} read what it shows
 * @param {(library: any, box: HTMLElement, shown: any) => { chart: any, paint: () => void }} draw
 */
export async function show(figure, read, draw) {
    try {
        // @ts-ignore: without types of its own
        const [library, shown] = await Promise.all([import('./lightweight-charts.standalone.production.mjs'), read()]);
        const box = makeBox(figure);
        const { chart, paint } = draw(library, box, shown);
        const paintAll = () => {
            paintFrame(box, chart);
            paint();
        };
        paintAll();
        dark.addEventListener('change', paintAll);
        refit(box, chart);
    } catch {
        // Without the chart there is the line.
    }
}
