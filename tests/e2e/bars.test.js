// SPDX-License-Identifier: MIT
// Bars of all timeframes: of a simulated market, which has always had a past, and of a replay, which must not tell
// the future; what splits do to both; and bars on the stream.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { Platform, haveSamples, madeUpBars, samples, toCsv, until } from '../support/platform.mjs';
import { Stream } from '../support/web_socket.mjs';

const day = 86400e3;
const iso = time => new Date(time).toISOString().replace('.000Z', 'Z');
const micros = text => {
    const [whole, part = ''] = text.split('.');
    return BigInt(whole) * 1000000n + BigInt(part.padEnd(6, '0'));
};

// Half of it, a half to even.
const halved = value => value / 2n + (value % 2n) * (value / 2n % 2n);

// Every page of a list of bars, until there are no more or as many as `most`.
async function barsOf(platform, ticker, parameters, most = Infinity) {
    const bars = [];
    let token;
    do {
        const query = new URLSearchParams({ ...parameters, ...(token && { page_token: token }) });
        const page = await platform.expect(200, 'GET', `/api/v1/bars/${ticker}?${query}`);
        // Without a start the latest bars come first, each page in its own order.
        if (parameters.start === undefined && parameters.sort !== 'desc')
            bars.unshift(...page.bars);
        else
            bars.push(...page.bars);
        token = page.next_page_token;
    } while (token !== undefined && bars.length < most);
    return bars;
}

// The bar that bars in order of time make together.
function merge(bars, time = bars[0].time) {
    const by = (name, better) => bars.map(bar => bar[name]).reduce((one, other) =>
        (better(micros(other), micros(one)) ? other : one));
    return { time, open: bars[0].open, high: by('high', (one, other) => one > other),
        low: by('low', (one, other) => one < other), close: bars.at(-1).close,
        volume: bars.reduce((sum, bar) => sum + Number(bar.volume), 0) };
}

const plain = ({ time, open, high, low, close, volume }) => ({ time, open, high, low, close, volume: Number(volume) });

// Bars grouped by what `start` gives of their times, each merged.
function group(bars, start) {
    const groups = new Map();
    for (const bar of bars)
        groups.set(start(bar.time), [...(groups.get(start(bar.time)) ?? []), bar]);
    return [...groups].map(([time, members]) => merge(members, time));
}

const floorTo = minutes => time => iso(Math.floor(Date.parse(time) / (minutes * 60e3)) * minutes * 60e3);
const monday = time => {
    const at = Date.parse(time.slice(0, 10));
    return new Date(at - (new Date(at).getUTCDay() + 6) % 7 * day).toISOString().slice(0, 10);
};

describe('bars of a simulated market', () => {
    let platform, token, today;

    before(async () => {
        platform = await Platform.start({ options: ['--market', 'simulated'] });
        token = await platform.administrator();
        const { now } = await platform.expect(200, 'GET', '/api/v1/clock');
        today = Math.floor(Date.parse(now) / day) * day;
    });
    after(() => platform?.stop());

    it('are there for a year before the first start, each day after the other', async () => {
        const bars = await barsOf(platform, 'AAPL', { start: iso(today - 365 * day), limit: 10000 });
        assert.ok(bars.length >= 366);
        bars.forEach((bar, index) => {
            assert.equal(bar.time, iso(today - 365 * day + index * day));
            assert.ok(micros(bar.low) <= micros(bar.open) && micros(bar.close) <= micros(bar.high), bar.time);
            assert.equal(bar.running, index >= 365 && index === bars.length - 1 ? true : undefined, bar.time);
        });
    });

    it('end with what is quoted: yesterday\'s close is the previous close, and today\'s bar the quote', async () => {
        await until('a bar and a quote of the same second', async () => {
            const quote = () => platform.expect(200, 'GET', '/api/v1/quotes/MSFT');
            const first = await quote();
            const { bars: [now, yesterday] } = await platform.expect(200, 'GET', '/api/v1/bars/MSFT?sort=desc&limit=2');
            const second = await quote();
            if (first.quoted_at !== second.quoted_at)
                return false;
            assert.deepEqual(plain(now), { time: now.time, open: first.open, high: first.high, low: first.low,
                close: first.price, volume: Number(first.volume) });
            assert.equal(yesterday.close, first.previous_close);
            return true;
        });
    });

    it('of minutes and hours add up to the day, from each size to the next', async () => {
        const range = { start: iso(today - day), end: iso(today - 1000), limit: 10000 };
        const of = timeframe => barsOf(platform, 'SPY', { ...range, timeframe });
        const minutes = await of('1Min');
        assert.equal(minutes.length, 1440);
        for (const [timeframe, size] of [['5Min', 5], ['15Min', 15], ['1Hour', 60], ['1Day', 1440]])
            assert.deepEqual((await of(timeframe)).map(plain), group(minutes, floorTo(size)), timeframe);
    });

    it('of weeks and months add up from days, from Monday and from the 1st', async () => {
        const range = { start: '2024-01-29', end: '2024-03-31', limit: 500 }; // a leap year
        const days = await barsOf(platform, 'SPY', { ...range, timeframe: '1Day' });
        assert.equal(days.length, 63);
        const weeks = await barsOf(platform, 'SPY', { ...range, timeframe: '1Week' });
        assert.deepEqual(weeks.map(plain), group(days, time => `${monday(time)}T00:00:00Z`));
        const months = await barsOf(platform, 'SPY', { ...range, timeframe: '1Month' });
        assert.deepEqual(months.map(plain), group(days.slice(3), time => `${time.slice(0, 7)}-01T00:00:00Z`));
        assert.deepEqual(months.map(bar => bar.time), ['2024-02-01T00:00:00Z', '2024-03-01T00:00:00Z']);
    });

    it('are the same forwards and backwards, page by page and after a kill', async () => {
        const range = { start: '2025-01-01', end: '2025-03-15', timeframe: '1Day' };
        const whole = await barsOf(platform, 'JPM', { ...range, limit: 10000 });
        assert.equal(whole.length, 74);
        assert.deepEqual(await barsOf(platform, 'JPM', { ...range, limit: 7 }), whole);
        assert.deepEqual((await barsOf(platform, 'JPM', { ...range, limit: 13, sort: 'desc' })).reverse(), whole);
        const minutes = { start: '2025-01-01T23:00:00Z', end: '2025-01-02T01:30:00Z', timeframe: '1Min' };
        const forwards = await barsOf(platform, 'JPM', { ...minutes, limit: 17 });
        assert.equal(forwards.length, 151);
        await platform.kill('market');
        await until('market to be back', async () => (await platform.request('GET', '/api/v1/bars/JPM')).status === 200);
        assert.deepEqual((await barsOf(platform, 'JPM', { ...minutes, limit: 10000, sort: 'desc' })).reverse(), forwards);
        assert.deepEqual(await barsOf(platform, 'JPM', { ...range, limit: 10000 }), whole);
    });

    it('come a page of 10,000 at a time', async () => {
        const path = '/api/v1/bars/JPM?timeframe=1Min&start=2025-01-01&limit=10000';
        const page = await platform.expect(200, 'GET', path);
        assert.ok(page.next_page_token);
        // A page may be shorter where computing takes long; what follows goes on where it ended.
        const bars = page.bars.length === 10000 ? page.bars : await barsOf(platform, 'JPM',
            { timeframe: '1Min', start: '2025-01-01', limit: 10000 }, 10000);
        assert.equal(bars[9999].time, iso(Date.parse('2025-01-01') + 9999 * 60e3));
        await platform.expect(422, 'GET', path.replace('10000', '10001'));
    });

    it('follow on the stream: the running minute, and the one before once it is over', async () => {
        const base = today + 3 * day;
        await platform.step(iso(base + 30e3), token);
        const stream = await Stream.open(platform.url);
        assert.deepEqual((await stream.ask({ subscribe: ['bars:aapl'] })).subscribed, ['bars:AAPL']);
        const first = await stream.wait('a bar', one => one.type === 'bar' && one.bar.time === iso(base));
        assert.equal(first.ticker, 'AAPL');
        assert.equal(first.snapshot, true);
        assert.equal(first.bar.running, true);
        const shown = await platform.expect(200, 'GET', '/api/v1/bars/AAPL?timeframe=1Min&sort=desc&limit=1');
        assert.deepEqual(first.bar, shown.bars[0]);
        await platform.step(iso(base + 75e3), token);
        const second = await stream.wait('the next minute', one => one.type === 'bar' && one.bar.time === iso(base + 60e3));
        const { bars: [now, done] } = await platform.expect(200, 'GET', '/api/v1/bars/AAPL?timeframe=1Min&sort=desc&limit=2');
        assert.deepEqual([second.bar, second.previous], [now, done]);
        assert.equal(done.running, undefined);
        // Nothing changes while the clock stands, and nothing is sent.
        const count = stream.messages.length;
        await stream.ask({ subscribe: ['bars:MSFT'] });
        await stream.wait('the other ticker', one => one.type === 'bar' && one.ticker === 'MSFT', count);
        await stream.ask({ unsubscribe: ['bars:MSFT'] });
        assert.deepEqual(stream.messages.slice(count).filter(one => one.ticker === 'AAPL'), []);
        assert.equal((await stream.ask({ subscribe: ['bars:NONE'] })).reason, 'QUOTE_NOT_FOUND');
        stream.close();
    });

    it('have a split from its ex-date on, and cannot have one in the past', async () => {
        const exDate = new Date(today + 5 * day).toISOString().slice(0, 10);
        const body = { ticker: 'AAPL', kind: 'split', ex_date: exDate, numerator: 4, denominator: 1 };
        const late = await platform.expect(422, 'POST', '/api/v1/corporate-actions', { token,
            body: { ...body, ex_date: new Date(today + 3 * day).toISOString().slice(0, 10) } });
        assert.match(late.errors[0].message ?? late.errors[0].detail, /is not after/);
        await platform.expect(201, 'POST', '/api/v1/corporate-actions', { token, body });
        await platform.step(iso(today + 5 * day + 12 * 3600e3), token);
        const bars = parameters => barsOf(platform, 'AAPL', { start: iso(today + 4 * day), ...parameters });
        const [before, after] = await bars({});
        const [adjusted, same] = await bars({ adjustment: 'split' });
        const quote = await platform.expect(200, 'GET', '/api/v1/quotes/AAPL');
        assert.equal(micros(quote.previous_close) * 4n, micros(before.close));
        assert.ok(Math.abs(Number(quote.change_percent)) < 20, quote.change_percent);
        assert.ok(Number(after.open) < Number(before.close) / 3);
        assert.equal(micros(adjusted.close), micros(quote.previous_close));
        assert.equal(Number(adjusted.volume), Number(before.volume) * 4);
        assert.deepEqual(same, after);
    });
});

describe('bars of a replay', () => {
    let platform, token;
    const rows = madeUpBars(7);
    const open = date => (date > '2014-03-09' ? `${date}T13:30:00Z` : `${date}T14:30:00Z`);
    const asBar = row => ({ time: open(row.date), open: row.open, high: row.high, low: row.low, close: row.close,
        volume: Number(row.volume) });
    const sameFigures = (one, other) => {
        assert.deepEqual(one.map(bar => bar.time), other.map(bar => bar.time));
        one.forEach((bar, index) => {
            for (const name of ['open', 'high', 'low', 'close'])
                assert.equal(micros(bar[name]), micros(other[index][name]), `${name} of ${bar.time}`);
            assert.equal(Number(bar.volume), other[index].volume, bar.time);
        });
    };

    before(async () => {
        platform = await Platform.start();
        token = await platform.administrator();
        await platform.import('ACME', toCsv(rows), token);
    });
    after(() => platform?.stop());

    it('show nothing before the clock has come there, not even to administrators', async () => {
        for (const options of [{}, { token }]) {
            const reply = await platform.expect(200, 'GET', '/api/v1/bars/ACME?timeframe=1Day', options);
            assert.deepEqual(reply.bars, []);
            assert.equal(reply.as_of, '1990-01-01T00:00:00Z');
            assert.equal(reply.next_page_token, undefined);
        }
    });

    it('show of the running day what has been quoted', async () => {
        await platform.step('2014-01-03T16:30:00Z', token);
        const quote = await platform.expect(200, 'GET', '/api/v1/quotes/ACME');
        const { bars } = await platform.expect(200, 'GET', '/api/v1/bars/ACME');
        sameFigures(bars.slice(0, 1), [asBar(rows[0])]);
        assert.deepEqual(plain(bars[1]), { time: open('2014-01-03'), open: quote.open, high: quote.high, low: quote.low,
            close: quote.price, volume: Number(quote.volume) });
        assert.equal(bars.length, 2);
        assert.equal(bars[1].running, true);
        assert.equal(bars[0].running, undefined);
        for (const timeframe of ['1Week', '1Month']) {
            const reply = await platform.expect(200, 'GET', `/api/v1/bars/ACME?timeframe=${timeframe}`);
            assert.deepEqual(reply.bars.map(bar => [bar.close, bar.running]), [[quote.price, true]], timeframe);
        }
        const minutes = await barsOf(platform, 'ACME', { timeframe: '1Min', start: '2014-01-03' });
        assert.deepEqual(minutes.map(bar => bar.time), ['2014-01-03T14:30:00Z', '2014-01-03T16:00:00Z']);
    });

    it('follow on the stream minute by minute', async () => {
        const stream = await Stream.open(platform.url);
        await stream.ask({ subscribe: ['bars:ACME'] });
        const bar = await stream.wait('a bar', one => one.type === 'bar');
        assert.equal(bar.bar.time, '2014-01-03T16:00:00Z');
        await platform.step('2014-01-03T20:59:10Z', token);
        const last = await stream.wait('the last one', one => one.type === 'bar' && one.bar.time === '2014-01-03T20:59:00Z');
        assert.equal(last.bar.running, true);
        assert.equal(last.previous.time, '2014-01-03T19:00:00Z');
        assert.equal(micros(last.bar.close), micros(rows[1].close));
        await platform.step('2014-01-03T21:00:00Z', token);
        await stream.wait('its end', one => one.type === 'bar' && one.bar.time === last.bar.time && !one.bar.running);
        stream.close();
    });

    it('have minutes that add up to days, and days to weeks and months, over daylight saving', async () => {
        await platform.step('2014-04-30T21:00:00Z', token);
        const days = await barsOf(platform, 'ACME', { limit: 50 });
        sameFigures(days, rows.map(asBar));
        const minutes = await barsOf(platform, 'ACME', { timeframe: '1Min', limit: 10000 });
        assert.equal(minutes.length, 4 * rows.length);
        sameFigures(group(minutes, time => open(time.slice(0, 10))), days.map(plain));
        sameFigures(await barsOf(platform, 'ACME', { timeframe: '1Hour', limit: 10000 }), group(minutes, floorTo(60)));
        sameFigures(await barsOf(platform, 'ACME', { timeframe: '1Week', sort: 'desc', limit: 3 }),
            group(days, time => open(monday(time))).reverse());
        sameFigures(await barsOf(platform, 'ACME', { timeframe: '1Month' }),
            group(days, time => open(`${time.slice(0, 7)}-01`)));
    });

    it('are asked for by their own times, which are checked', async () => {
        const of = query => platform.expect(200, 'GET', `/api/v1/bars/ACME?${query}`).then(reply => reply.bars.map(bar => bar.time));
        assert.deepEqual(await of('start=2014-03-07&end=2014-03-10'), ['2014-03-07T14:30:00Z', '2014-03-10T13:30:00Z']);
        assert.deepEqual(await of('timeframe=1Week&start=2014-03-04&end=2014-03-10'), ['2014-03-10T13:30:00Z']);
        assert.deepEqual(await of('timeframe=1Month&start=2014-03-02&end=2014-03-31'), []);
        const refused = async (query, status, field, text) => {
            const reply = await platform.expect(status, 'GET', `/api/v1/bars/ACME?${query}`);
            if (field)
                assert.equal(reply.errors[0].field, field, JSON.stringify(reply));
            assert.match(JSON.stringify(reply), text);
        };
        // Rows: end should not be before start, invalid limit, invalid timeframe, invalid symbol.
        await refused('start=2014-03-11&end=2014-03-10', 422, 'end', /2014-03-10T00:00:00Z is before the start, 2014-03-11T00:00:00Z/);
        await refused('limit=10001', 422, 'limit', /10000/);
        await refused('timeframe=2Min', 422, 'timeframe', /1Min/);
        await refused('adjustment=all', 422, 'adjustment', /split/);
        const { next_page_token } = await platform.expect(200, 'GET', '/api/v1/bars/ACME?timeframe=1Min&limit=3');
        await refused(`timeframe=1Month&page_token=${next_page_token}`, 400, undefined, /INVALID_PAGE_TOKEN/);
        await platform.expect(404, 'GET', '/api/v1/bars/NOPE');
        const { errors } = await platform.expect(422, 'GET', '/api/v1/bars/W%20V');
        assert.deepEqual(errors.map(one => one.field), ['ticker']);
    });

    it('are the latest ones unless a start is said, and then those before them', async () => {
        const of = query => platform.expect(200, 'GET', `/api/v1/bars/ACME?${query}`);
        const days = await barsOf(platform, 'ACME', { start: '2014-01-01', limit: 1000 });
        const first = await of('limit=5');
        assert.deepEqual(first.bars, days.slice(-5));
        const second = await of(`limit=5&page_token=${first.next_page_token}`);
        assert.deepEqual(second.bars, days.slice(-10, -5));
        assert.deepEqual((await of('limit=5&sort=desc')).bars, days.slice(-5).reverse());
        assert.deepEqual((await of('limit=5&end=2014-03-10')).bars.at(-1).time, '2014-03-10T13:30:00Z');
        assert.deepEqual((await of('limit=5&start=2014-01-01')).bars, days.slice(0, 5));
        assert.deepEqual(await barsOf(platform, 'ACME', { limit: 7 }), days);
    });

    it('are adjusted for splits that are in effect, and so is the previous close', async () => {
        // 3 for 2 on a Monday, and prices as an exchange would have traded them.
        await platform.import('SPLT', 'Date,Open,High,Low,Close,Volume\n' +
            '2014-05-01,150,156,147,153.000001,1001\n2014-05-02,153,159,150,156,3000\n' +
            '2014-05-05,105,108,102,106,6000\n2014-05-06,106,107,103,104,5000\n', token);
        const split = { ticker: 'SPLT', kind: 'split', ex_date: '2014-05-05', numerator: 3, denominator: 2 };
        const { id, ...created } = await platform.expect(201, 'POST', '/api/v1/corporate-actions', { token, body: split });
        assert.deepEqual(created, { ...split, effective_at: '2014-05-05T13:30:00Z', in_effect: false,
            entered_at: '2014-04-30T21:00:00Z' });
        await platform.expect(409, 'POST', '/api/v1/corporate-actions', { token, body: split });
        await platform.expect(201, 'POST', '/api/v1/corporate-actions', { token,
            body: { ticker: 'SPLT', kind: 'dividend', ex_date: '2014-05-06', amount: '0.25' } });
        const adjusted = () => barsOf(platform, 'SPLT', { adjustment: 'split' });
        await platform.step('2014-05-02T20:00:00Z', token);
        assert.equal((await adjusted())[1].close, '156.00'); // not in effect
        await platform.step('2014-05-05T13:30:00Z', token);
        const quote = await platform.expect(200, 'GET', '/api/v1/quotes/SPLT');
        assert.deepEqual([quote.previous_close, quote.change, quote.change_percent], ['104.00', '1.00', '0.9615']);
        const [first, second, today] = await adjusted();
        assert.deepEqual(plain(first), { time: '2014-05-01T13:30:00Z', open: '100.00', high: '104.00', low: '98.00',
            close: '102.000001', volume: 1502 }); // half to even
        assert.deepEqual([second.close, Number(second.volume), today.open], ['104.00', 4500, '105.00']);
        assert.equal((await barsOf(platform, 'SPLT', {}))[0].close, '153.000001');
        const [week] = await barsOf(platform, 'SPLT', { adjustment: 'split', timeframe: '1Week' });
        assert.deepEqual([week.open, week.high, week.close], ['100.00', '106.00', '104.00']);
        // The same after a restart, and the dividend changes no previous close.
        await platform.kill('market');
        await until('the quote again', async () => {
            const reply = await platform.request('GET', '/api/v1/quotes/SPLT');
            return reply.body?.stale === false && reply.body.previous_close === '104.00';
        });
        await platform.step('2014-05-06T13:30:00Z', token);
        assert.equal((await platform.expect(200, 'GET', '/api/v1/quotes/SPLT')).previous_close, '106.00');
        const gone = await platform.expect(409, 'DELETE', `/api/v1/corporate-actions/${id}`, { token });
        assert.equal(gone.reason, 'CORPORATE_ACTION_IN_EFFECT');
    });

    it('have corporate actions that those who hold shares can follow', async () => {
        const list = query => platform.expect(200, 'GET', `/api/v1/corporate-actions?${query}`);
        const kinds = reply => reply.corporate_actions.map(action => `${action.ex_date} ${action.kind}`);
        assert.deepEqual(kinds(await list('ticker=SPLT')), ['2014-05-05 split', '2014-05-06 dividend']);
        assert.deepEqual(kinds(await list('ticker=splt&since=2014-05-05T13:30:00Z')), ['2014-05-06 dividend']);
        assert.deepEqual(kinds(await list('since=2014-05-05T13:29:59.999999Z')), ['2014-05-05 split', '2014-05-06 dividend']);
        const page = await list('limit=1');
        assert.deepEqual(kinds(page), ['2014-05-05 split']);
        assert.deepEqual(kinds(await list(`page_token=${page.next_page_token}`)), ['2014-05-06 dividend']);
        // One that is entered late corrects charts alone, and can be taken back.
        const late = await platform.expect(201, 'POST', '/api/v1/corporate-actions', { token,
            body: { ticker: 'ACME', kind: 'split', ex_date: '2014-02-03', numerator: 2, denominator: 1 } });
        assert.equal(late.in_effect, true);
        assert.deepEqual(kinds(await list('ticker=ACME&since=1990-01-01')), []);
        const bars = () => barsOf(platform, 'ACME', { adjustment: 'split', limit: 1, end: '2014-01-02' });
        assert.equal(micros((await bars())[0].close), halved(micros(rows[0].close)));
        await platform.expect(204, 'DELETE', `/api/v1/corporate-actions/${late.id}`, { token });
        assert.equal(micros((await bars())[0].close), micros(rows[0].close));
        await platform.expect(404, 'DELETE', `/api/v1/corporate-actions/${late.id}`, { token });
        // A symbol that one is of is not removed, but made inactive.
        await platform.expect(201, 'POST', '/api/v1/symbols', { token, body: { ticker: 'BARE', name: 'Bare' } });
        await platform.expect(201, 'POST', '/api/v1/corporate-actions', { token,
            body: { ticker: 'BARE', kind: 'dividend', ex_date: '2014-06-02', amount: '1' } });
        await platform.expect(204, 'DELETE', '/api/v1/symbols/BARE', { token });
        assert.equal((await platform.expect(200, 'GET', '/api/v1/symbols/BARE')).status, 'inactive');
    });

    it('have corporate actions that are checked', async () => {
        const refused = async (body, field, text) => {
            const reply = await platform.expect(422, 'POST', '/api/v1/corporate-actions', { token, body });
            const found = reply.errors.find(one => one.field === field);
            assert.match(JSON.stringify(found ?? reply), text);
        };
        const split = { ticker: 'ACME', kind: 'split', ex_date: '2014-06-02', numerator: 2, denominator: 1 };
        await refused({ ...split, ex_date: '2014-06-07' }, 'ex_date', /2014-06-07 is a day without a session/);
        await refused({ ...split, numerator: 10001 }, 'numerator', /10000/);
        await refused({ ...split, numerator: 1 }, 'numerator', /1 new shares for 1 old ones/);
        await refused({ ...split, denominator: undefined }, 'denominator', /needs it/);
        await refused({ ...split, amount: '1' }, 'amount', /dividends alone/);
        await refused({ ...split, kind: 'dividend' }, 'numerator', /splits alone/);
        await refused({ ...split, kind: 'merger' }, 'kind', /split/);
        await platform.expect(404, 'POST', '/api/v1/corporate-actions', { token, body: { ...split, ticker: 'NOPE' } });
    });

    it('of days with imported minutes are what has been quoted of these, quote by quote', async () => {
        const minutes = Array.from({ length: 390 }, (_, i) => ({ time: new Date(Date.UTC(2014, 4, 7, 13, 30) + i * 60e3).toISOString(),
            open: 100 + i % 7, high: 103 + i % 7, low: 95 + i % 5, close: 101 + i % 7, volume: 1000 + i }));
        const csv = `Datetime,Open,High,Low,Close,Volume\n${minutes.map(one => Object.values(one).join(',')).join('\n')}\n`;
        await platform.import('MINS', 'Date,Open,High,Low,Close,Volume\n2014-05-06,90,95,89,94,4\n2014-05-07,1,2,1,2,5\n', token);
        assert.equal((await platform.import('MINS', csv, token)).imported, 390);
        const stream = await Stream.open(platform.url);
        await stream.ask({ subscribe: ['bars:MINS'] });
        await platform.step('2014-05-07T14:00:30Z', token);
        const quote = await platform.expect(200, 'GET', '/api/v1/quotes/MINS');
        assert.deepEqual([quote.price, quote.open, quote.quoted_at, quote.previous_close], ['105.00', '100.00', '2014-05-07T14:00:20Z', '94.00']);
        const shown = await barsOf(platform, 'MINS', { timeframe: '1Min', start: '2014-05-07' });
        assert.equal(shown.length, 31);
        assert.deepEqual(shown[30], { time: '2014-05-07T14:00:00Z', open: '102.00', high: '105.00', low: '102.00', close: '105.00', volume: 514, running: true }, JSON.stringify(shown[30]));
        await platform.step('2014-05-07T21:00:00Z', token);
        const all = await barsOf(platform, 'MINS', { timeframe: '1Min', start: '2014-05-07', limit: 100 });
        assert.deepEqual(all.map(bar => [bar.time.slice(0, 16), ...['open', 'high', 'low', 'close', 'volume'].map(name => Number(bar[name]))]),
            minutes.map(one => [one.time.slice(0, 16), one.open, one.high, one.low, one.close, one.volume]));
        for (const [timeframe, size] of [['5Min', 5], ['15Min', 15], ['1Hour', 60]])
            sameFigures(await barsOf(platform, 'MINS', { timeframe, start: '2014-05-07', limit: 1000 }), group(all, floorTo(size)));
        const [before, day] = await barsOf(platform, 'MINS', {});
        assert.equal(before.close, '94.00');
        sameFigures([day], [merge(all, '2014-05-07T13:30:00Z')]);
        await stream.wait('its last minute', one => one.type === 'bar' && one.bar.time === '2014-05-07T19:59:00Z' && !one.bar.running);
        stream.close();
        const put = await platform.expect(422, 'PUT', '/api/v1/bars/MINS', { token,
            body: { date: '2014-05-07', open: '1', high: '1', low: '1', close: '1', volume: 1 } });
        assert.equal(put.errors[0].field, 'date');
    });

    it('of a year of real prices add up', { skip: haveSamples ? false : 'the folder of sample prices is not beside the project' },
        async () => {
            const csv = readFileSync(join(samples, 'prices', 'AAPL.csv'), 'utf8');
            await platform.import('AAPL', csv, token);
            await platform.step('2014-12-31T22:00:00Z', token);
            const lines = csv.trim().split(/\r?\n/).slice(1).map(line => line.split(',')).filter(([date]) => date < '2015');
            const days = await barsOf(platform, 'AAPL', { limit: 10000 });
            assert.equal(days.length, lines.length);
            lines.forEach(([date, first, high, low, close, , volume], index) => {
                const bar = days[index];
                assert.equal(bar.time.slice(0, 10), date);
                assert.deepEqual([bar.open, bar.high, bar.low, bar.close].map(micros), [first, high, low, close].map(micros), date);
                assert.equal(Number(bar.volume), Number(volume), date);
            });
            const months = await barsOf(platform, 'AAPL', { timeframe: '1Month', limit: 10000 });
            assert.deepEqual(months.slice(1).map(bar => ({ ...plain(bar), time: bar.time.slice(0, 7) })),
                group(days, time => time.slice(0, 7)).slice(1));
        });
});
