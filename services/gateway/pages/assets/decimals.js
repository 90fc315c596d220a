// SPDX-License-Identifier: MIT
// Decimals as the API sends them, shown as the pages show them: exactly, without floating point.
// @ts-check

/** "-1234.5" with at least so many decimals, as "−1,234.50". @param {string} text @param {number} least */
export function grouped(text, least) {
    const negative = text.startsWith('-');
    const [whole, fraction = ''] = text.replace('-', '').split('.');
    const decimals = fraction.replace(/0+$/, '').padEnd(least, '0');
    const digits = whole.replace(/\B(?=(\d{3})+$)/g, ',');
    const shown = decimals === '' ? digits : `${digits}.${decimals}`;
    return negative && /[1-9]/.test(shown) ? `−${shown}` : shown;
}

/** A decimal counted in units of its last place. @param {string} text @param {number} decimals */
function unitsOf(text, decimals) {
    const negative = text.startsWith('-');
    const [whole, fraction = ''] = text.replace('-', '').split('.');
    const value = BigInt((whole || '0') + fraction.slice(0, decimals).padEnd(decimals, '0'));
    return negative ? -value : value;
}

/** Millionths as a BigInt. @param {string} text */
export const micros = text => unitsOf(text, 6);
/** Billionths, which shares are counted in. @param {string} text */
export const nanos = text => unitsOf(text, 9);

/** Rounded half to even. @param {bigint} value @param {bigint} unit above 0 */
function divided(value, unit) {
    const size = value < 0n ? -value : value;
    const rest = size % unit;
    let whole = size / unit;
    if (rest * 2n > unit || (rest * 2n === unit && whole % 2n === 1n))
        whole += 1n;
    return value < 0n ? -whole : whole;
}

/** What shares come to, in millionths. @param {string} quantity with up to nine decimals @param {string} price */
export const product = (quantity, price) => divided(nanos(quantity) * micros(price), 1000000000n);

/** How much of the other one it is, in millionths of a percent. @param {bigint} value @param {bigint} other above 0 */
export const percentOf = (value, other) => divided(value * 100000000n, other);

/** Rounded half to even to so many decimals. @param {bigint} value in millionths @param {number} decimals */
function rounded(value, decimals) {
    const whole = divided(value, 10n ** BigInt(6 - decimals));
    const digits = (whole < 0n ? -whole : whole).toString().padStart(decimals + 1, '0');
    const text = `${digits.slice(0, digits.length - decimals)}.${digits.slice(digits.length - decimals)}`;
    return value < 0n ? `-${text}` : text;
}

/** As the API sends it. @param {bigint} value in millionths */
export const decimalOf = value => rounded(value, 6);

/** Shares with as many decimals as they have. @param {bigint} value in billionths */
export const sharesOf = value => {
    const digits = (value < 0n ? -value : value).toString().padStart(10, '0');
    return grouped(`${value < 0n ? '-' : ''}${digits.slice(0, -9)}.${digits.slice(-9)}`, 0);
};

/** Two decimals. @param {bigint} value in millionths */
export const moneyOf = value => grouped(rounded(value, 2), 2);

/** The same. @param {string} text */
export const money = text => moneyOf(micros(text));

/** Two decimals and always a sign. @param {bigint} value in millionths */
export const signedOf = value => {
    const shown = moneyOf(value);
    return shown.startsWith('−') || !/[1-9]/.test(shown) ? shown : `+${shown}`;
};

/** The same. @param {string} text */
export const signed = text => signedOf(micros(text));

/** @param {string} text */
export const price = text => grouped(text, 2);
/** @param {string} text */
export const percent = text => `${signed(text)}%`;
/** @param {bigint} value */
export const directionOf = value => (value > 0n ? 'up' : value < 0n ? 'down' : 'flat');
/** @param {string} text */
export const direction = text => directionOf(micros(text));
