// SPDX-License-Identifier: MIT
// Times as the pages show them: in UTC, whatever the reader's own zone is. Written out here, for until a browser has loaded
// what it needs to write dates of a locale it could have drawn half a chart.
// @ts-check

export const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** "Jun 2, 2014". @param {number} time in milliseconds since 1970 */
export function date(time) {
    const at = new Date(time);
    return `${months[at.getUTCMonth()]} ${at.getUTCDate()}, ${at.getUTCFullYear()}`;
}

/** "Jun 2, 2014, 13:30 UTC". @param {number} time in milliseconds since 1970 */
export const dateTime = time => `${date(time)}, ${new Date(time).toISOString().slice(11, 16)} UTC`;

/** Whether bars are shorter than a day, so that they have a time of it. @param {string} timeframe as the API has it */
export const isIntraday = timeframe => /Min|Hour/.test(timeframe);

/** When a bar was. @param {number} seconds since 1970 @param {string} timeframe */
export const barTime = (seconds, timeframe) => (isIntraday(timeframe) ? dateTime : date)(seconds * 1000);

/** "3 h 12 min", as market_state.c writes it: rounded up, so that it never says 0 before the time has come. @param {number} span in milliseconds */
export function spanOf(span) {
    const seconds = Math.ceil(Math.max(span, 0) / 1000);
    const minutes = Math.ceil(seconds / 60);
    const hours = Math.ceil(seconds / 3600);
    if (seconds < 60)
        return `${seconds} s`;
    if (minutes < 60)
        return `${minutes} min`;
    if (minutes < 24 * 60)
        return `${Math.floor(minutes / 60)} h ${String(minutes % 60).padStart(2, '0')} min`;
    return `${Math.floor(hours / 24)} d ${hours % 24} h`;
}
