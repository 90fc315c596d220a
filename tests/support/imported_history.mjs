// SPDX-License-Identifier: MIT
// imported_history: random histories of a portfolio as a CSV file, and what they come to, reckoned once more from the rules:
// lots sold the oldest first, average cost, cash to a millionth.
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
        position.lots.push({ quantity, cost, sold: 0n });
        this.add({ at, kind: 'buy', symbol: ticker, quantity: decimal(quantity, 9), price: money(price), fee: money(fee) });
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

    sell({ ticker, quantity, price, fee, at, all }) {
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
        this.add({ at, kind: 'sell', symbol: ticker, quantity: decimal(-sold, 9), price: money(price), fee: money(fee) });
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
        this.rows.push({ note: this.rows.length % 3 === 0 ? `=note "${this.rows.length}", with a comma` : '', ...row });
    }

    apply(step) {
        if (step.kind === 'buy')
            this.buy(step);
        else if (step.kind === 'sell')
            this.sell(step);
        else
            this.move(step);
    }
}

const cell = text => /[",]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;

export function toCsv(rows, columns = ['date', 'kind', 'symbol', 'quantity', 'price', 'fee', 'amount', 'note']) {
    return [columns.join(','), ...rows.map(row => columns.map(column =>
        cell(String((column === 'date' ? row.at : row[column]) ?? ''))).join(','))].join('\r\n') + '\r\n';
}

// Histories that begin at `first` (milliseconds) and last for so many days at most.
export function histories(tickers, first, days) {
    const step = fc.record({
        kind: fc.constantFrom('buy', 'buy', 'buy', 'sell', 'sell', 'deposit', 'withdrawal', 'dividend', 'fee'),
        ticker: fc.constantFrom(...tickers),
        quantity: fc.bigInt({ min: 1n, max: 300000000000n }),
        price: fc.bigInt({ min: 1n, max: 200000000n }),
        fee: fc.constantFrom(0n, 0n, 1230000n, 7n),
        amount: fc.bigInt({ min: 1n, max: 2000000000n }),
        all: fc.boolean(),
        hours: fc.integer({ min: 0, max: 20 }),
    });
    return fc.array(step, { minLength: 5, maxLength: 40 }).map(steps => {
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
