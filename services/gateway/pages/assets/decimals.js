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

/** Millionths as a BigInt. @param {string} text */
export function micros(text) {
    const negative = text.startsWith('-');
    const [whole, fraction = ''] = text.replace('-', '').split('.');
    const value = BigInt(whole || '0') * 1000000n + BigInt(fraction.slice(0, 6).padEnd(6, '0'));
    return negative ? -value : value;
}

/** Rounded half to even to so many decimals. @param {bigint} value in millionths @param {number} decimals */
function rounded(value, decimals) {
    const unit = 10n ** BigInt(6 - decimals);
    const size = value < 0n ? -value : value;
    let whole = size / unit;
    const rest = size % unit;
    if (rest * 2n > unit || (rest * 2n === unit && whole % 2n === 1n))
        whole += 1n;
    const digits = whole.toString().padStart(decimals + 1, '0');
    const text = `${digits.slice(0, digits.length - decimals)}.${digits.slice(digits.length - decimals)}`;
    return value < 0n ? `-${text}` : text;
}

/** Two decimals. @param {string} text */
export const money = text => grouped(rounded(micros(text), 2), 2);

/** @param {bigint} value in millionths */
export const moneyOf = value => grouped(rounded(value, 2), 2);

/** Two decimals and always a sign. @param {string} text */
export const signed = text => {
    const shown = money(text);
    return shown.startsWith('−') || !/[1-9]/.test(shown) ? shown : `+${shown}`;
};

/** @param {string} text */
export const price = text => grouped(text, 2);
/** @param {string} text */
export const percent = text => `${signed(text)}%`;
/** @param {string} text */
export const direction = text => (micros(text) > 0n ? 'up' : micros(text) < 0n ? 'down' : 'flat');
