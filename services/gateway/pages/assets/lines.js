// SPDX-License-Identifier: MIT
// Curves by lightweight-charts: one that can be asked, and what is beside it.
// @ts-check
import { frame, setTimes } from './charts.js';
import { barTime } from './times.js';

/**
 * One of a curve's values: at a Unix time in seconds, with what is said of it, in that class.
 * @typedef {{ time: number, value: number, said: string, style?: string }} Value
 */

/**
 * A curve: its name, its values, how an axis has them, and how it looks: as one beside another, or as an area below 0.
 * @typedef {{ label: string, values: Value[], format: any, look?: 'beside' | 'below' }} Curve
 */

/** @param {any} series @param {Value[]} values */
const setValues = (series, values) => series.setData(values.map(({ time, value }) => ({ time, value })));

/** @param {any} library @param {any} chart @param {Curve} curve */
function addSeries(library, chart, { values, format, look }) {
    const own = look === 'beside' ? { lineWidth: 1, lineStyle: library.LineStyle.Dashed, lastValueVisible: false }
        : look === 'below' ? { lineWidth: 2, baseValue: { type: 'price', price: 0 } } : { lineWidth: 2 };
    const series = chart.addSeries(look === 'below' ? library.BaselineSeries : library.LineSeries,
        { priceLineVisible: false, priceFormat: format, ...own });
    setValues(series, values);
    return series;
}

/** @param {any} series @param {Curve} curve @param {import('./charts.js').Colors} colors */
const paintSeries = (series, { look }, { muted, accent, down, downSoft }) => series.applyOptions(look === 'below'
    ? { bottomLineColor: down, topLineColor: down, bottomFillColor1: downSoft, bottomFillColor2: downSoft }
    : { color: look === 'beside' ? muted : accent });

/**
 * Draws curves, the first over the others, and says of a point of it what the others are then.
 * @param {any} library @param {HTMLElement} box @param {Curve[]} curves
 * @param {string} timeframe of the bars that they are of, as the API has it
 */
export function drawLines(library, box, curves, timeframe) {
    const chart = library.createChart(box, frame);
    // What is added later is over what was added before.
    const series = [...curves].reverse().map(curve => addSeries(library, chart, curve)).reverse();
    const [first] = series;
    const [{ values: points }] = curves;
    const known = curves.map(({ values }) => new Map(values.map(value => [value.time, value])));
    setTimes(chart, timeframe);
    chart.timeScale().fitContent();
    return {
        chart,
        first,
        /** Has each curve, in their order, be of other values; what is seen of the time stays. @param {Value[][]} others */
        change: others => {
            others.forEach((values, which) => {
                curves[which].values.splice(0, curves[which].values.length, ...values);
                known[which] = new Map(values.map(value => [value.time, value]));
                setValues(series[which], values);
            });
        },
        /** @type {import('./readout.js').Reading} */
        reading: {
            series: first,
            points,
            tell: index => [[barTime(points[index].time, timeframe), 'strong'], ...curves.flatMap(({ label }, which) => {
                const value = known[which].get(points[index].time);
                return value ? [/** @type {[string, string?]} */ ([`${label} ${value.said}`.trim(), value.style])] : [];
            })],
        },
        paint: (/** @type {import('./charts.js').Colors} */ colors) => series.forEach((one, which) => paintSeries(one, curves[which], colors)),
    };
}
