// SPDX-License-Identifier: MIT
// imported_history: random histories of a portfolio as a CSV file, and what they come to, reckoned once more from the rules:
// lots sold the oldest first, average cost, cash to a millionth; splits, openings, new beginnings.
import fc from 'fast-check';

const abs = value => value < 0n ? -value : value;

// one / other, rounded half to even; both are at least 0.
function halfEven(one, other) {
    const whole = one / other;
    const twice = one % other * 2n;
    return twice > other || (twice === other && whole % 2n === 1n) ? whole + 1n : whole;
}

export function decimal(value, scale) {
    const digits = abs(value).toString().padStart(scale + 1, '0');
    return `${value < 0n ? '-' : ''}${digits.slice(0, -scale)}.${digits.slice(-scale)}`;
}
const money = value => decimal(value, 6);

class History {
    constructor() {
        Object.assign(this, { cash: 0n, positions: new Map(), rows: [], realizedFifo: 0n, realizedAverage: 0n, deposits: 0n });
    }

    position(ticker) {
        if (!this.positions.has(ticker))
            this.positions.set(ticker, { quantity: 0n, cost: 0n, lots: [] });
        return this.positions.get(ticker);
    }

    buy({ ticker, quantity, price, fee, at }) {
        const cost = halfEven(price * quantity, 1000000000n) + fee;
        if (cost > this.cash)
            return;
        const position = this.position(ticker);
        this.cash -= cost;
        position.quantity += quantity;
        position.cost += cost;
        position.lots.push({ quantity, cost, sold: 0n, at });
        this.add({ at, kind: 'buy', symbol: ticker, quantity: decimal(quantity, 9), price: money(price), fee: money(fee), amount: money(-cost) });
    }

    // What the next so many shares of the oldest lots cost.
    takeLots(position, quantity) {
        let cost = 0n;
        while (quantity > 0n) {
            const lot = position.lots[0];
            const taken = quantity < lot.quantity - lot.sold ? quantity : lot.quantity - lot.sold;
            const until = sold => lot.cost * sold / lot.quantity;
            cost += until(lot.sold + taken) - until(lot.sold);
            lot.sold += taken;
            quantity -= taken;
            if (lot.sold === lot.quantity)
                position.lots.shift();
        }
        return cost;
    }

    sell({ kind, ticker, quantity, price, fee: asked, at, all }) {
        const fee = kind === 'sell' ? asked : 0n;
        const position = this.position(ticker);
        const sold = all || quantity > position.quantity ? position.quantity : quantity;
        const proceeds = halfEven(price * sold, 1000000000n) - fee;
        if (sold === 0n || this.cash + proceeds < 0n)
            return;
        const average = halfEven(position.cost * sold, position.quantity);
        this.realizedFifo += proceeds - this.takeLots(position, sold);
        this.realizedAverage += proceeds - average;
        position.cost -= average;
        position.quantity -= sold;
        this.cash += proceeds;
        this.add({ at, kind, symbol: ticker, quantity: decimal(-sold, 9), price: money(price), fee: money(fee), amount: money(proceeds) });
    }

    // Shares that were bought before are split, rounded down to a billionth over all lots together; a lot that comes to
    // nothing leaves its cost to the one before it, the first ones to the first that does not.
    split({ ticker, terms: [numerator, denominator], at }) {
        const position = this.position(ticker);
        const open = position.lots.map(lot => ({ at: lot.at, quantity: lot.quantity - lot.sold, cost: lot.cost - lot.cost * lot.sold / lot.quantity }));
        const whole = open.reduce((sum, lot) => sum + (lot.at < at ? lot.quantity : 0n), 0n);
        if (whole === 0n)
            return;
        let until = 0n, later = 0n;
        const ends = open.map(lot => {
            if (lot.at < at)
                until += lot.quantity;
            else
                later += lot.quantity;
            const scaled = until * numerator / denominator;
            return (until === whole && scaled === 0n ? 1n : scaled) + later;
        });
        const first = ends.find(end => end > 0n);
        const lots = new Map();
        for (const [index, lot] of open.entries()) {
            const end = ends[index] || first, made = lots.get(end);
            lots.set(end, { cost: (made?.cost ?? 0n) + lot.cost, at: made && made.at < lot.at ? made.at : lot.at });
        }
        let before = 0n;
        position.lots = [...lots].map(([end, lot]) => {
            const quantity = end - before;
            before = end;
            return { ...lot, quantity, sold: 0n };
        });
        const change = before - position.quantity;
        position.quantity = before;
        this.add({ at, kind: 'split', symbol: ticker, quantity: change === 0n ? '' : decimal(change, 9), amount: '0.00',
            note: `${numerator} for ${denominator}` });
    }

    open({ ticker, lots, amount, at }) {
        const position = this.position(ticker);
        if (position.quantity > 0n)
            return;
        position.lots = lots.map(({ quantity, cost, days }) => ({ quantity, cost, sold: 0n, at: new Date(Date.parse(at) - days * 86400e3).toISOString() }));
        position.quantity = lots.reduce((sum, lot) => sum + lot.quantity, 0n);
        position.cost = amount;
        this.add({ at, kind: 'opening', symbol: ticker, quantity: decimal(position.quantity, 9), amount: '0.00', cost_basis: money(amount),
            lots: position.lots.map(lot => `${decimal(lot.quantity, 9)} ${money(lot.cost)} ${lot.at}`).join('; ') });
    }

    // With as much as it can be: returns of a millionth are no returns that another computation would come to.
    reset({ amount: asked, at }) {
        const amount = asked + 10000000000n;
        const change = amount - this.cash;
        this.cash = amount;
        this.positions.clear();
        this.realizedFifo = this.realizedAverage = 0n;
        this.add({ at, kind: 'reset', amount: money(change) });
    }

    move({ kind, ticker, amount, at }) {
        const change = kind === 'deposit' || kind === 'dividend' ? amount : -amount;
        if (this.cash + change < 0n)
            return;
        this.cash += change;
        if (kind === 'deposit' || kind === 'withdrawal')
            this.deposits += change;
        this.add({ at, kind, symbol: kind === 'dividend' || (kind === 'fee' && amount % 2n === 0n) ? ticker : '',
            amount: money(change) });
    }

    add(row) {
        this.rows.push({ note: this.note, ...row, cash_after: money(this.cash) });
    }

    apply(step) {
        const of = { buy: this.buy, sell: this.sell, cash_in_lieu: this.sell, split: this.split, opening: this.open, reset: this.reset };
        this.note = step.note ?? '';
        (of[step.kind] ?? this.move).call(this, step);
    }
}

// As our own tables are written: what a spreadsheet would take for a formula has an apostrophe in front.
const cell = text => {
    const safe = /^'*[=+\-@\t\r\n]/.test(text) && !/^-[\d.]+$/.test(text) ? `'${text}` : text;
    return /[",\r\n]|^[ \t]|[ \t]$/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
};
export const LEDGER_COLUMNS = ['date', 'kind', 'symbol', 'quantity', 'price', 'fee', 'amount', 'cash_after', 'cost_basis', 'lots', 'note'];

export function toCsv(rows, columns = ['date', 'kind', 'symbol', 'quantity', 'price', 'fee', 'amount', 'note']) {
    return [columns.join(','), ...rows.map(row => columns.map(column =>
        cell(String((column === 'date' ? row.at : row[column]) ?? ''))).join(','))].join('\r\n') + '\r\n';
}

// Histories that begin at `first` (milliseconds) and last for so many days at most.
export function histories(tickers, first, days) {
    const step = fc.record({
        kind: fc.constantFrom('buy', 'buy', 'buy', 'buy', 'sell', 'sell', 'sell', 'deposit', 'withdrawal', 'dividend', 'fee', 'split', 'split',
            'cash_in_lieu', 'opening', 'reset'),
        terms: fc.constantFrom([3n, 1n], [1n, 4n], [7n, 5n], [1n, 3n], [1n, 10000n]),
        lots: fc.array(fc.record({ quantity: fc.bigInt({ min: 1n, max: 90000000000n }), cost: fc.bigInt({ min: 0n, max: 900000000n }),
            days: fc.nat(400) }), { minLength: 1, maxLength: 4 }),
        note: fc.oneof(fc.constant(''), fc.constantFrom('=1+1', "'=2", "''@", 'a "b",\r\n\nc', ' blanks \t', '-5', '\t', "'"),
            fc.string({ unit: 'binary', maxLength: 20 }).map(text => text.replaceAll('\0', ''))),
        ticker: fc.constantFrom(...tickers),
        quantity: fc.bigInt({ min: 1n, max: 300000000000n }),
        price: fc.bigInt({ min: 1n, max: 200000000n }),
        fee: fc.constantFrom(0n, 0n, 1230000n, 7n),
        amount: fc.bigInt({ min: 1n, max: 2000000000n }),
        all: fc.boolean(),
        hours: fc.integer({ min: 0, max: 20 }),
    });
    return fc.array(step, { minLength: 5, maxLength: 60, size: 'max' }).map(steps => {
        const history = new History();
        let at = first;
        history.apply({ kind: 'deposit', amount: 20000000000n, at: new Date(at).toISOString() });
        for (const one of steps) {
            at = Math.min(at + one.hours * 3600e3, first + days * 86400e3);
            history.apply({ ...one, at: new Date(at).toISOString() });
        }
        return history;
    });
}
