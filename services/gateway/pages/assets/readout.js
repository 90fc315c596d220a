// SPDX-License-Identifier: MIT
// A chart in words, above it: what is under the pointer, or the latest; and its keys, which go from point to point and look closer.
// @ts-check

const ZOOM = 1.25; // a key
const POINTS_MIN = 5; // that are seen at once
const KEYS = 'Left and right: from one to the next. Plus and minus: closer and farther. Escape: the latest.';

/**
 * One of a chart's points: Unix time in seconds, and where a crosshair is put on it: at its value, or at the close of a bar.
 * @typedef {{ time: number, value?: number, close?: number }} Point
 */

/**
 * What a chart says of a point, of those that it has by now: words, each with the class it is written in.
 * @typedef {{ series: any, points: Point[], tell: (index: number) => [text: string, style?: string][] }} Reading
 */

/** @param {string} name @param {string} id @param {string} text */
function makeLine(name, id, text) {
    const line = document.createElement('p');
    line.className = name;
    line.id = id;
    line.textContent = text;
    return line;
}

/** The words of a point. @param {HTMLElement} line @param {[text: string, style?: string][]} words */
function write(line, words) {
    line.replaceChildren(...words.flatMap(([text, style = '']) => {
        const word = document.createElement('span');
        word.className = style;
        word.textContent = text;
        return [word, ' '];
    }));
}

let made = 0; // so far, to name them

/**
 * Has a chart say what somebody points at, and follow its keys.
 * @param {any} chart @param {HTMLElement} box the chart's @param {Reading} reading @param {AbortSignal} gone
 */
export function readOut(chart, box, { series, points, tell }, gone) {
    const line = makeLine('readout', `readout-${made}`, '');
    const keys = makeLine('readout-keys hint', `readout-keys-${made++}`, KEYS);
    const scale = chart.timeScale();
    let chosen = -1; // by pointer or key; none: the latest
    const show = () => {
        const last = points.length - 1;
        write(line, last < 0 ? [] : tell(chosen < 0 ? last : chosen));
    };

    // The library takes a range with the next frame, and until then tells of the one before: several keys may come in between.
    /** @type {{ from: number, to: number } | undefined} */
    let ahead;
    const getRange = () => ahead ?? scale.getVisibleLogicalRange();
    /** @param {number} from @param {number} to */
    const setRange = (from, to) => {
        ahead = { from, to };
        scale.setVisibleLogicalRange(ahead);
        requestAnimationFrame(() => { ahead = undefined; });
    };

    /** @param {number} index */
    const choose = index => {
        const { time, value, close } = points[index];
        const { from, to } = getRange();
        const shift = Math.min(index - from, 0) || Math.max(index - to, 0);
        if (shift !== 0)
            setRange(from + shift, to + shift);
        // The library tells of a position that it is given only when the chart changes next, which it may never.
        chart.setCrosshairPosition(value ?? close, time, series);
        chosen = index;
        show();
    };
    /** About what is chosen. @param {number} factor */
    const zoom = factor => {
        const { from, to } = getRange();
        const count = points.length;
        const width = Math.min(Math.max((to - from) * factor, POINTS_MIN), count);
        const middle = chosen < 0 ? to : chosen;
        const start = Math.max(middle - (middle - from) * width / (to - from), -0.5);
        const left = Math.min(start, count - 0.5 - width);
        setRange(left, left + width);
    };
    const leave = () => {
        chart.clearCrosshairPosition();
        chosen = -1;
        show();
    };
    /** @param {string} key @returns {(() => void) | undefined} */
    const actionOf = key => {
        const last = points.length - 1;
        const at = chosen < 0 ? last : chosen;
        return {
            ArrowLeft: () => choose(Math.max(at - 1, 0)), ArrowRight: () => choose(Math.min(at + 1, last)), Home: () => choose(0), End: () => choose(last),
            '+': () => zoom(1 / ZOOM), '=': () => zoom(1 / ZOOM), '-': () => zoom(ZOOM), Escape: leave,
        }[key];
    };

    line.setAttribute('role', 'status');
    box.append(line, keys);
    box.tabIndex = 0;
    box.setAttribute('role', 'application');
    box.setAttribute('aria-describedby', keys.id);
    box.addEventListener('keydown', event => {
        const act = event.ctrlKey || event.metaKey || event.altKey || points.length === 0 ? undefined : actionOf(event.key);
        if (!act)
            return;
        act();
        if (event.key !== 'Escape')
            event.preventDefault();
    });
    chart.subscribeCrosshairMove((/** @type {{ time?: number }} */ { time }) => {
        chosen = time === undefined ? -1 : points.findIndex(point => point.time === time);
        show();
    });
    for (const moves of ['bourse:quote', 'bourse:portfolio', 'bourse:redrawn'])
        addEventListener(moves, show, { signal: gone });
    show();
}
