// SPDX-License-Identifier: MIT
// Candles and volume in place of the line that the server has drawn. The table below stays.
// @ts-check

const figure = /** @type {HTMLElement} */ (document.querySelector('[data-chart]'));
const dark = matchMedia('(prefers-color-scheme: dark)');

/** A colour of the design as the theme has it at present. @param {string} name */
function token(name) {
    const probe = document.createElement('span');
    probe.style.color = `var(${name})`;
    figure.append(probe);
    const color = getComputedStyle(probe).color;
    probe.remove();
    return color;
}

async function readBars() {
    const { chart: ticker = '', timeframe = '', start = '' } = figure.dataset;
    const query = new URLSearchParams({ timeframe, limit: '400', sort: 'desc', adjustment: 'split' });
    if (start)
        query.set('start', start);
    const reply = await fetch(`/api/v1/bars/${encodeURIComponent(ticker)}?${query}`);
    if (!reply.ok)
        throw new Error(`bars: ${reply.status}`);
    return (await reply.json()).bars.reverse();
}

/** @param {any} library @param {HTMLElement} box @param {any[]} bars */
function draw(library, box, bars) {
    const chart = library.createChart(box, { autoSize: true, layout: { attributionLogo: false } });
    const candles = chart.addSeries(library.CandlestickSeries);
    const volume = chart.addSeries(library.HistogramSeries, { priceFormat: { type: 'volume' }, priceScaleId: '' });
    const isIntraday = /Min|Hour/.test(figure.dataset.timeframe ?? '');

    volume.priceScale().applyOptions({ scaleMargins: { top: 0.82, bottom: 0 } });
    candles.priceScale().applyOptions({ scaleMargins: { top: 0.05, bottom: 0.22 } });
    chart.timeScale().applyOptions({ timeVisible: isIntraday, borderVisible: false });
    const paint = () => {
        const [up, down] = [token('--up'), token('--down')];
        chart.applyOptions({
            layout: { background: { color: token('--surface') }, textColor: token('--muted') },
            grid: { vertLines: { visible: false }, horzLines: { color: token('--line') } },
            rightPriceScale: { borderVisible: false },
        });
        candles.applyOptions({ upColor: up, downColor: down, borderVisible: false, wickUpColor: up, wickDownColor: down });
        volume.applyOptions({ color: token('--line') });
    };
    const time = (/** @type {string} */ text) => Math.floor(Date.parse(text) / 1000);
    candles.setData(bars.map(bar => ({ time: time(bar.time), open: Number(bar.open), high: Number(bar.high),
        low: Number(bar.low), close: Number(bar.close) })));
    volume.setData(bars.map(bar => ({ time: time(bar.time), value: Number(bar.volume) })));
    chart.timeScale().fitContent();
    paint();
    dark.addEventListener('change', paint);
}

async function begin() {
    // @ts-ignore: without types of its own
    const [library, bars] = await Promise.all([import('./lightweight-charts.standalone.production.mjs'), readBars()]);
    const box = document.createElement('div');
    box.className = 'chart-live';
    box.setAttribute('role', 'group');
    box.setAttribute('aria-label', figure.querySelector('svg')?.getAttribute('aria-label') ?? 'Chart');
    figure.querySelector('svg')?.replaceWith(box);
    figure.querySelector('figcaption')?.remove();
    draw(library, box, bars);
}

// Without the chart there is the line.
begin().catch(() => undefined);
