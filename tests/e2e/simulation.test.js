// SPDX-License-Identifier: MIT
// The simulated market, as somebody meets it who starts the platform for the first time.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { Replica } from '../support/from_address.mjs';
import { Platform, until } from '../support/platform.mjs';

const quote = (platform, ticker) => platform.expect(200, 'GET', `/api/v1/quotes/${ticker}`);
const cents = text => Math.round(Number(text) * 100);

describe('the simulated market', () => {
    let platform, trader;

    before(async () => {
        platform = await Platform.start({ options: [] });
        trader = await platform.trader('ada');
    });
    after(() => platform?.stop());

    it('is there without an option, with real names and the time of the machine', async () => {
        const { symbols } = await platform.expect(200, 'GET', '/api/v1/symbols?limit=500');
        assert.ok(symbols.length >= 150);
        const apple = symbols.find(symbol => symbol.ticker === 'AAPL');
        assert.equal(apple.name, 'Apple Inc.');
        assert.equal(apple.exchange, 'NASDAQ');
        const clock = await platform.expect(200, 'GET', '/api/v1/clock');
        assert.equal(clock.mode, 'real');
        assert.equal(clock.is_open, true); // around the clock
        assert.equal(clock.next_open, clock.next_close);
        assert.match(clock.next_close, /T00:00:00Z$/);
        assert.ok(Math.abs(Date.parse(clock.now) - Date.now()) < 5000);
    });

    it('moves, and says that its prices are simulated', async () => {
        for (const ticker of ['AAPL', 'SPY', 'BRK.B']) {
            const first = await quote(platform, ticker);
            assert.equal(first.source, 'simulated');
            assert.equal(first.stale, false);
            assert.ok(cents(first.ask) > cents(first.bid), `${first.bid} ${first.ask}`);
            const next = await until(`another price of ${ticker}`, async () => {
                const now = await quote(platform, ticker);
                return now.price !== first.price && now;
            });
            assert.ok(Date.parse(next.quoted_at) > Date.parse(first.quoted_at));
            assert.ok(Number(next.volume) > Number(first.volume));
        }
    });

    it('fills an order at the ask that is shown in its second', async () => {
        const asks = new Map(); // by second
        const look = async () => {
            const { quoted_at, ask } = await quote(platform, 'AAPL');
            asks.set(Date.parse(quoted_at) / 1000, ask);
        };
        await until('a fill at a quote that was seen', async () => {
            await look();
            const order = await platform.expect(201, 'POST', `/api/v1/portfolios/${trader.portfolio}/orders`,
                { token: trader.token, body: { ticker: 'AAPL', side: 'buy', quantity: '10' } });
            await look();
            assert.equal(order.status, 'filled');
            const [[second, age]] = await platform.query(`SELECT extract(epoch FROM quote_at)::bigint,
                extract(epoch FROM filled_at - quote_at) FROM audit.fills WHERE order_id = '${order.id}'`);
            assert.ok(Number(age) >= 0 && Number(age) < 3, `filled ${age} s after the quote`);
            if (!asks.has(Number(second)))
                return false;
            assert.equal(order.average_fill_price, asks.get(Number(second)));
            return true;
        });
    });

    it('gives the same quotes on another platform with the same seed', async () => {
        const other = await Platform.start({ options: ['--market', 'simulated', '--seed', '1'] });
        try {
            // Both are asked until they show the same second.
            for (const ticker of ['AAPL', 'XOM', 'TSLA'])
                await until(`the same second of ${ticker}`, async () => {
                    const [one, another] = await Promise.all([quote(platform, ticker), quote(other, ticker)]);
                    if (one.quoted_at !== another.quoted_at)
                        return false;
                    assert.deepEqual(one, another);
                    return true;
                });
        } finally {
            await other.stop();
        }
    });

    it('gives other quotes with another seed', async () => {
        const other = await Platform.start({ options: ['--market', 'simulated', '--seed', '2'] });
        try {
            const [one, another] = await Promise.all([quote(platform, 'AAPL'), quote(other, 'AAPL')]);
            assert.notEqual(one.open, another.open);
        } finally {
            await other.stop();
        }
    });

    it('goes on with the same day after a restart, without being told again', async () => {
        const day = async () => {
            const { open, previous_close } = await quote(platform, 'AAPL');
            return { open, previous_close, date: new Date().toISOString().slice(0, 10) };
        };
        const before = await day();
        const high = cents((await quote(platform, 'AAPL')).high);
        await platform.bourse('down');
        await platform.bourse('up', '--detach', '--port', String(platform.port));
        const now = await day();
        if (before.date === now.date) { // else midnight was in between
            assert.deepEqual(now, before);
            assert.ok(cents((await quote(platform, 'AAPL')).high) >= high);
        }
        assert.equal((await platform.expect(200, 'GET', '/api/v1/clock')).mode, 'real');
    });

    it('has a price at once for a symbol that an administrator adds, and keeps what one changes', async () => {
        const token = await platform.administrator();
        await platform.expect(201, 'POST', '/api/v1/symbols',
            { token, body: { ticker: 'NEWCO', name: 'New Company' } });
        await platform.expect(200, 'PATCH', '/api/v1/symbols/AAPL', { token, body: { name: 'Apples' } });
        await platform.expect(204, 'DELETE', '/api/v1/symbols/A', { token });
        const price = Number((await until('its price', () =>
            platform.request('GET', '/api/v1/quotes/NEWCO').then(reply => reply.status === 200 && reply.body))).price);
        assert.ok(price > 1 && price < 1000);
        await platform.bourse('down');
        await platform.bourse('up', '--detach', '--port', String(platform.port));
        assert.equal((await platform.expect(200, 'GET', '/api/v1/symbols/AAPL')).name, 'Apples');
        assert.equal((await platform.request('GET', '/api/v1/symbols/A')).status, 404);
    });

    it('has prices for an imported list of symbols', async () => {
        const token = await platform.administrator();
        await platform.expect(200, 'POST', '/api/v1/symbols:import',
            { raw: 'Symbol,Name\nLISTED,A Listed Company\n', token, headers: { 'content-type': 'text/csv' } });
        const { source } = await until('its price', () =>
            platform.request('GET', '/api/v1/quotes/LISTED').then(reply => reply.status === 200 && reply.body));
        assert.equal(source, 'simulated');
    });

    it('gives an imported symbol a price like its last bar', async () => {
        const token = await platform.administrator();
        await platform.import('ACME', 'Date,Open,High,Low,Close,Volume\n2014-01-02,90,92,89,91,5\n', token);
        const { price, source } = await until('its price', () =>
            platform.request('GET', '/api/v1/quotes/ACME').then(reply => reply.status === 200 && reply.body));
        assert.equal(source, 'simulated');
        assert.ok(Number(price) > 91 / 5 && Number(price) < 91 * 5, price);
    });

    // Time leaps here: nothing comes behind it.
    it('closes at the midnights of UTC: portfolios have a snapshot of each, at the prices that were quoted then', async () => {
        const admin = await platform.administrator();
        const user = await platform.trader('nights');
        const get = path => platform.expect(200, 'GET', `/api/v1/portfolios/${user.portfolio}${path}`, { token: user.token });
        await platform.expect(201, 'POST', `/api/v1/portfolios/${user.portfolio}/orders`, { token: user.token,
            body: { ticker: 'MSFT', side: 'buy', quantity: '10' } });
        const { cash_balance } = await get('');
        const { next_close } = await platform.expect(200, 'GET', '/api/v1/clock');
        const first = Date.parse(next_close);
        await platform.step(new Date(first + 2 * 86400e3 + 3600e3).toISOString(), admin);
        const { snapshots } = await platform.expectDays(`/api/v1/portfolios/${user.portfolio}/snapshots`, { token: user.token });
        assert.deepEqual(snapshots.map(one => Date.parse(one.closed_at)), [0, 1, 2].map(day => first + day * 86400e3));
        const { bars } = await platform.expect(200, 'GET', `/api/v1/bars/MSFT?timeframe=1Day&start=${new Date(first - 86400e3).toISOString()}`);
        snapshots.forEach((one, day) => {
            assert.equal(Date.parse(bars[day].time), first + (day - 1) * 86400e3);
            assert.equal(cents(one.equity), cents(cash_balance) + 10 * cents(bars[day].close));
        });
        const performance = await platform.expectDays(`/api/v1/portfolios/${user.portfolio}/performance?benchmark=MSFT`, { token: user.token });
        assert.equal(performance.days_per_year, 365);
        assert.deepEqual(performance.series.map(day => day.is_running), [false, false, false, true]);
    });

    it('has a strategy go on with the latest minute after a month of them that it has missed, and counts them all', async () => {
        const admin = await platform.administrator();
        const user = await platform.trader('months');
        const ask = (status, method, path, body) => platform.expect(status, method, `/api/v1/${path}`, { token: user.token, body });
        const { now } = await ask(200, 'GET', 'clock');
        const start = Math.ceil(Date.parse(now) / 60e3) * 60e3 + 30e3, end = start + 30 * 86400e3;
        await platform.step(new Date(start).toISOString(), admin);
        const strategy = await ask(201, 'POST', 'strategies', { name: 'minutes', kind: 'rule', symbols: ['SPY'], timeframe: '1Min',
            parameters: { enter: 'close > 0', exit: 'false', sizing: 'shares', size: '1' } });
        const { id } = await ask(201, 'POST', `strategies/${strategy.id}/start`, { portfolio_id: user.portfolio });
        await platform.step(new Date(end).toISOString(), admin);
        const run = await until('the latest minute to be decided about', async () => {
            const found = await ask(200, 'GET', `strategy-runs/${id}`);
            assert.equal(found.state, 'running', found.reason_message);
            return Date.parse(found.last_bar_at) === end - 90e3 && found;
        }, 60);
        // The minute in which it was started is not its own.
        assert.deepEqual([run.bars_missed, run.bars_decided], [30 * 1440 - 2, 1]);
        const { decisions } = await until('the order to be placed', async () => {
            const list = await ask(200, 'GET', `strategy-runs/${id}/decisions?limit=500`);
            return list.decisions.at(-1).outcome === 'placed' && list;
        });
        assert.deepEqual(decisions.map(one => one.outcome), [...Array(300).fill('missed'), 'placed']);
    });
});

describe('the simulated market in New York\'s hours', () => {
    let platform, token;

    before(async () => {
        platform = await Platform.start({ options: ['--market', 'simulated'],
            env: { BOURSE_TRADING_HOURS: 'new-york' } });
        token = await platform.administrator();
    });
    after(() => platform?.stop());

    it('answers at once about a portfolio whose history of 23 months was just imported, and fills its days once, whoever dies', async () => {
        const user = await platform.trader('long');
        const { id } = await platform.expect(201, 'POST', '/api/v1/portfolios', { token: user.token, body: { name: 'long', cash_balance: '0' } });
        const get = path => platform.request('GET', `/api/v1/portfolios/${id}/${path}`, { token: user.token });
        const date = ago => new Date(Date.now() - ago * 86400e3).toISOString().slice(0, 10);
        const tickers = ['MSFT', 'AAPL', 'SPY'];
        const replicas = [await Replica.start(platform, 'portfolio'), await Replica.start(platform, 'portfolio')];
        await platform.expect(200, 'POST', `/api/v1/portfolios/${id}/transactions:import?dry_run=false`, { token: user.token,
            headers: { 'content-type': 'text/csv' }, raw: ['date,kind,symbol,quantity,price,amount', `${date(700)},deposit,,,,5000`,
                ...tickers.map(ticker => `${date(699)},buy,${ticker},10,100,`)].join('\n') });
        const seen = new Set();
        let killed = 0;
        const whole = await until('all days', async () => {
            const asked = Date.now();
            const [days, performance] = await Promise.all([get('snapshots?limit=500'), get('performance')]);
            assert.ok(Date.now() - asked < 10000, `answered after ${Date.now() - asked} ms`);
            for (const reply of [days, performance])
                assert.ok(reply.status === 200 || (killed > 0 && reply.status === 503), reply.text);
            if (days.status !== 200 || performance.status !== 200)
                return false;
            const { series, is_complete, complete_through } = performance.body;
            assert.equal(series.filter(day => !day.is_running).at(-1)?.date, complete_through);
            assert.equal(days.body.snapshots.at(-1)?.date, days.body.complete_through);
            seen.add(complete_through);
            if (!is_complete && killed < 2)
                await (killed++ === 0 ? platform.kill('portfolio') : replicas[0].process.kill('SIGKILL'));
            return is_complete && performance.body;
        }, 120);
        assert.ok(seen.size > 1 && killed > 0, [...seen].join());
        for (const replica of replicas)
            await replica.stop();
        const closed = whole.series.filter(day => !day.is_running && day.date > date(699));
        const worth = new Map(closed.map(day => [day.date, 200000]));
        for (const ticker of tickers) {
            const { bars } = await platform.expect(200, 'GET', `/api/v1/bars/${ticker}?timeframe=1Day&limit=700&start=${closed[0].date}`);
            for (const bar of bars.filter(one => worth.has(one.time.slice(0, 10))))
                worth.set(bar.time.slice(0, 10), worth.get(bar.time.slice(0, 10)) + cents(10 * Number(bar.close)));
        }
        assert.ok(closed.length > 460, `${closed.length} days`);
        assert.deepEqual(closed.map(day => [day.date, cents(day.equity)]), [...worth]);
        // Nobody has written a day that somebody else had written: the import is the revision that wrote none.
        const [[writes, revision]] = await platform.query(`SELECT count(DISTINCT xmin::text), (SELECT revision FROM portfolio.snapshot_progress
            WHERE portfolio_id = '${id}') FROM portfolio.snapshots WHERE portfolio_id = '${id}'`);
        assert.equal(Number(writes), Number(revision) - 1);
    });

    // A clock that stands has the same quotes for as long as the test likes; the year is one to come.
    it('fills an order that has waited for the night at the first quote of the morning', async () => {
        const trader = await platform.trader('bob');
        await platform.step('2090-03-10T21:00:00Z', token); // a Friday, closed
        const closing = await quote(platform, 'AAPL');
        assert.equal((await platform.expect(200, 'GET', '/api/v1/clock')).is_open, false);
        assert.equal(closing.quoted_at, '2090-03-10T21:00:00Z');
        assert.equal(closing.stale, false);
        const path = `/api/v1/portfolios/${trader.portfolio}/orders`;
        const order = await platform.expect(201, 'POST', path,
            { token: trader.token, body: { ticker: 'AAPL', side: 'buy', quantity: '1' } });
        assert.notEqual(order.status, 'filled');
        await platform.step('2090-03-13T13:30:00Z', token);
        const opening = await quote(platform, 'AAPL');
        assert.equal(opening.previous_close, closing.price);
        assert.equal(opening.quoted_at, '2090-03-13T13:30:00Z');
        const filled = await until('the fill', async () => {
            const now = await platform.expect(200, 'GET', `/api/v1/orders/${order.id}`, { token: trader.token });
            return now.status === 'filled' && now;
        });
        assert.equal(filled.average_fill_price, opening.ask);
    });

    it('fills an order that time leapt over at the first quote after it', async () => {
        const trader = await platform.trader('eve');
        await platform.step('2090-03-13T20:00:00Z', token); // closed
        const path = `/api/v1/portfolios/${trader.portfolio}/orders`;
        const order = await platform.expect(201, 'POST', path,
            { token: trader.token, body: { ticker: 'SPY', side: 'buy', quantity: '1' } });
        await platform.step('2090-03-15T15:00:00Z', token);
        const filled = await until('the fill', async () => {
            const now = await platform.expect(200, 'GET', `/api/v1/orders/${order.id}`, { token: trader.token });
            return now.status === 'filled' && now;
        });
        const [[at]] = await platform.query(`SELECT quote_at = '2090-03-14T13:30:00Z' FROM audit.fills
            WHERE order_id = '${order.id}'`);
        assert.equal(at, 't', JSON.stringify(filled));
    });

    it('shows orders with prices every second that time leapt over', async () => {
        const trader = await platform.trader('mallory');
        const place = body => platform.expect(201, 'POST', `/api/v1/portfolios/${trader.portfolio}/orders`,
            { token: trader.token, body: { ticker: 'SPY', quantity: '1', ...body } });
        await platform.step('2090-03-15T16:00:00Z', token);
        assert.equal((await place({ side: 'buy' })).status, 'filled');
        const order = await place({ side: 'sell', type: 'trailing_stop', trail_percent: '0.1' });
        await platform.step('2090-03-15T19:00:00Z', token);
        const filled = await until('the fill', async () => {
            const now = await platform.expect(200, 'GET', `/api/v1/orders/${order.id}`, { token: trader.token });
            return now.status === 'filled' && now;
        });
        assert.ok(filled.filled_at > '2090-03-15T16:00:00Z' && filled.filled_at < '2090-03-15T19:00:00Z', filled.filled_at);
        assert.ok(Number(filled.stop_price) >= Number(filled.average_fill_price), JSON.stringify(filled));
        assert.ok(Number(filled.high_water) >= Number(order.high_water));
    });

    it('fills an order of a portfolio that goes by bars by those of minutes', async () => {
        const { token: owner } = await platform.trader('wendy');
        const { id: portfolio } = await platform.expect(201, 'POST', '/api/v1/portfolios',
            { token: owner, body: { name: 'bars', cash_balance: '100000', fill_settings: { model: 'bar' } } });
        await platform.step('2090-03-15T19:00:30Z', token);
        const place = body => platform.expect(201, 'POST', `/api/v1/portfolios/${portfolio}/orders`,
            { token: owner, body: { ticker: 'SPY', side: 'buy', quantity: '1', ...body } });
        const price = (Number((await quote(platform, 'SPY')).price) * 0.9998).toFixed(2);
        const market = await place({});
        const limit = await place({ type: 'limit', limit_price: price });
        assert.deepEqual([market.status, limit.status], ['new', 'new']);
        await platform.step('2090-03-15T19:40:00Z', token);
        const { bars } = await platform.expect(200, 'GET',
            '/api/v1/bars/SPY?timeframe=1Min&start=2090-03-15T19:01:00Z&end=2090-03-15T19:39:59Z');
        assert.equal(bars[0].time, '2090-03-15T19:01:00Z');
        const filled = id => until('the fill', async () => {
            const now = await platform.expect(200, 'GET', `/api/v1/orders/${id}`, { token: owner });
            return now.status === 'filled' && now;
        });
        assert.equal((await filled(market.id)).average_fill_price, bars[0].open);
        // The first that reaches the limit fills it at its open or at the limit; without one it rests.
        const reached = bars.find(bar => Number(bar.low) <= Number(price));
        if (reached === undefined)
            return assert.equal((await platform.expect(200, 'GET', `/api/v1/orders/${limit.id}`, { token: owner })).status, 'new');
        const last = await filled(limit.id);
        assert.equal(Number(last.average_fill_price), Math.min(Number(reached.open), Number(price)));
        return assert.equal(last.filled_at.slice(0, 16), reached.time.slice(0, 16));
    });

    it('splits what is held when time leaps over a split, and triggers no stop by it', async () => {
        const trader = await platform.trader('trudy');
        const place = body => platform.expect(201, 'POST', `/api/v1/portfolios/${trader.portfolio}/orders`,
            { token: trader.token, body: { ticker: 'SPY', quantity: '9', ...body } });
        await platform.expect(201, 'POST', '/api/v1/corporate-actions', { token,
            body: { ticker: 'SPY', kind: 'split', ex_date: '2090-03-16', numerator: 3, denominator: 1 } });
        const bought = await place({ side: 'buy' });
        assert.equal(bought.status, 'filled');
        const stop = await place({ side: 'sell', type: 'stop', time_in_force: 'gtc',
            stop_price: (Number(bought.average_fill_price) * 0.6).toFixed(2) });
        await platform.step('2090-03-17T15:00:00Z', token);
        await until('the split to be booked', async () => (await platform.expect(200, 'GET',
            '/api/v1/corporate-actions?ticker=SPY')).corporate_actions[0].booked_at);
        const position = await platform.expect(200, 'GET', `/api/v1/portfolios/${trader.portfolio}/positions/SPY`,
            { token: trader.token });
        assert.equal(position.quantity, '27');
        const ended = await platform.expect(200, 'GET', `/api/v1/orders/${stop.id}`, { token: trader.token });
        assert.deepEqual([ended.status, ended.reason], ['canceled', 'SPLIT']);
        const ratio = Number((await quote(platform, 'SPY')).price) / Number(bought.average_fill_price);
        assert.ok(ratio > 0.25 && ratio < 0.45, `${ratio}`);
    });
});
