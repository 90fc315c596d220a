// SPDX-License-Identifier: MIT
// The daily histories of a live market, against a server that speaks as providers do: what splits make of them, how they
// are continued while they are shown, and what is reckoned from them meanwhile.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { Platform, until } from '../support/platform.mjs';
import { ProviderServer } from '../support/providers.mjs';

const newYork = new Intl.DateTimeFormat('sv-SE', { timeZone: 'America/New_York' });
const START = Date.UTC(2024, 0, 2);

describe('the days of a live market', () => {
    let platform, server, admin, tickers;
    let sessions; // from 2024 until the last one before today, by date
    const next = () => tickers.pop();

    before(async () => {
        server = await ProviderServer.start();
        platform = await Platform.start({ options: ['--market', 'live'], env: { ...server.settings(),
            BOURSE_ALPHA_VANTAGE_KEY: 'AVPLANTED7Q2', BOURSE_PROVIDERS: 'yahoo,alpha-vantage',
            BOURSE_PROVIDER_LIMITS: 'yahoo=0/0,alpha-vantage=0/0' } });
        // A password takes longer than a call may, where the machine is busy enough.
        admin = await until('the administrator to be logged in', () => platform.administrator(), 120);
        const { symbols } = await platform.expect(200, 'GET', '/api/v1/symbols?limit=500');
        tickers = symbols.map(symbol => symbol.ticker).filter(ticker => !ticker.includes('.'));
        sessions = [];
        const today = newYork.format(Date.now());
        for (let from = START; from < Date.now(); from += 366 * 86400e3) {
            const date = ms => new Date(ms).toISOString().slice(0, 10);
            const list = (await platform.expect(200, 'GET', `/api/v1/calendar?start=${date(from)}&end=${date(from + 365 * 86400e3)}`)).sessions;
            sessions.push(...list.map(session => session.date).filter(date => date < today));
        }
    });
    after(async () => {
        await platform?.stop();
        await server?.stop();
    });

    // As they were traded: at 400 dollars before a split of four for one, at 100 from then on.
    const traded = (ex_date, dates = sessions) => dates.map(date => ({ date,
        ...(date < ex_date ? { open: 400, high: 412, low: 396, close: 404, volume: 1000 } : { open: 100, high: 103, low: 99, close: 101, volume: 4000 }) }));
    const adjusted = (ex_date, dates) => traded('', dates);
    const show = bars => bars.map(bar => [bar.date ?? bar.time.slice(0, 10), ...['open', 'high', 'low', 'close', 'volume'].map(name => Number(bar[name]))]);
    const path = (ticker, more = '') => `/api/v1/bars/${ticker}?timeframe=1Day&limit=10000&start=2024-01-01${more}`;
    const list = async (ticker, more) => until(`the days of ${ticker}`, async () => {
        const { status, body } = await platform.request('GET', path(ticker, more));
        return status === 200 && body.is_complete && body.bars;
    }, 120);
    const split = (ticker, ex_date) => platform.expect(201, 'POST', '/api/v1/corporate-actions',
        { token: admin, body: { ticker, kind: 'split', ex_date, numerator: 4, denominator: 1 } });
    const remove = id => platform.expect(204, 'DELETE', `/api/v1/corporate-actions/${id}`, { token: admin });
    // As if the history had been asked for on an earlier day, and nobody's memory went back so far.
    const age = async (ticker, date) => {
        await platform.query(`UPDATE market.histories SET asked_on = '${date}', continued_on = NULL WHERE ticker = '${ticker}'`);
        await platform.query(`UPDATE market.bars SET adjusted_through = least(adjusted_through, '${date}') WHERE ticker = '${ticker}'`);
        await platform.kill('market');
        await until('market to be back', async () => (await platform.request('GET', `/api/v1/symbols/${ticker}`)).status === 200, 60);
    };
    const held = ticker => {
        let release;
        server.holds.set(ticker, new Promise(done => { release = done; }));
        return release;
    };
    const check = async (ticker, ex_date, dates = sessions) => {
        assert.deepEqual(show(await list(ticker, '&adjustment=split')), show(adjusted(ex_date, dates)));
        assert.deepEqual(show(await list(ticker)), show(traded(ex_date, dates)));
    };

    it('are divided once by a split that was entered before they were fetched', async () => {
        const ticker = next(), ex_date = sessions.at(-20);
        server.histories.set(`yahoo ${ticker}`, adjusted(ex_date));
        await split(ticker, ex_date);
        await check(ticker, ex_date);
        // From a provider that gives them as they were traded they are the same.
        const other = next();
        server.histories.set(`alpha-vantage ${other}`, traded(ex_date));
        await split(other, ex_date);
        await check(other, ex_date);
    });

    it('are divided once by a split that is entered after they were fetched, and as they were without it', async () => {
        const ticker = next(), ex_date = sessions.at(-20);
        server.histories.set(`yahoo ${ticker}`, adjusted(ex_date));
        await list(ticker);
        const { id } = await split(ticker, ex_date);
        await check(ticker, ex_date);
        await remove(id);
        await check(ticker, '');
    });

    it('go on across the day of a split, which was to come when they were fetched', async () => {
        const ticker = next(), until_then = sessions.slice(0, -5), ex_date = sessions.at(-3);
        server.histories.set(`yahoo ${ticker}`, traded(ex_date, until_then));
        await list(ticker);
        await age(ticker, sessions.at(-5));
        await split(ticker, ex_date);
        server.histories.set(`yahoo ${ticker}`, adjusted(ex_date));
        await until('the days since', async () => (await list(ticker)).length === sessions.length);
        await check(ticker, ex_date);
    });

    it('do not go on after a split that nobody has entered, and go on when it is, the same day', async () => {
        const ticker = next(), until_then = sessions.slice(0, -5), ex_date = sessions.at(-3);
        server.histories.set(`yahoo ${ticker}`, traded(ex_date, until_then));
        await list(ticker);
        await age(ticker, sessions.at(-5));
        server.histories.set(`yahoo ${ticker}`, adjusted(ex_date));
        await platform.expect(200, 'GET', path(ticker));
        const { bars, complete_through } = await until('it to be seen', async () => {
            const { body } = await platform.request('GET', path(ticker, '&wait=true'));
            return body.is_complete === false && body;
        });
        assert.deepEqual(show(bars), show(traded(ex_date, until_then)));
        assert.equal(complete_through, until_then.at(-1));
        await split(ticker, ex_date);
        await check(ticker, ex_date);
    });

    it('are answered as they are while those that are missing are asked for', async () => {
        const ticker = next(), until_then = sessions.slice(0, -2);
        server.histories.set(`yahoo ${ticker}`, adjusted('', until_then));
        // Nothing is there yet.
        let release = held(ticker);
        const first = await platform.request('GET', path(ticker));
        assert.deepEqual([first.status, first.body.reason], [503, 'BEING_FETCHED']);
        release();
        assert.equal((await list(ticker)).length, until_then.length);
        await age(ticker, until_then.at(-1));
        server.histories.set(`yahoo ${ticker}`, adjusted('', sessions));
        release = held(ticker);
        // All at once: a provider that says nothing for too long has failed.
        const [then, before, waiting] = await Promise.all(['', `&end=${until_then.at(-1)}`, '&wait=true'].map(more => platform.request('GET', path(ticker, more))));
        release();
        assert.deepEqual(show(then.body.bars), show(adjusted('', until_then)));
        assert.deepEqual([then.body.is_complete, then.body.complete_through], [false, until_then.at(-1)]);
        // Who needs no later ones is told that all are there, and who would rather wait does.
        assert.deepEqual([before.body.is_complete, before.body.complete_through], [true, undefined]);
        assert.deepEqual([waiting.status, waiting.body.reason], [503, 'BEING_FETCHED']);
        await check(ticker, '');
    });

    it('that are missing before others are filled', async () => {
        const ticker = next();
        server.histories.set(`yahoo ${ticker}`, adjusted(''));
        await list(ticker);
        await platform.query(`DELETE FROM market.bars WHERE ticker = '${ticker}' AND day = '${sessions.at(-2)}'`);
        await age(ticker, sessions.at(-2));
        const release = held(ticker);
        const { bars, is_complete, complete_through } = await platform.expect(200, 'GET', path(ticker));
        assert.deepEqual([bars.length, is_complete, complete_through], [sessions.length - 1, false, sessions.at(-3)]);
        const page = await platform.request('GET', `/symbols/${ticker}`, { token: admin, headers: { accept: 'text/html' } });
        assert.match(page.text, /Days are missing after [^<]*\d{4}\. Providers are being asked for them/);
        release();
        await check(ticker, '');
    });

    describe('and a backtest that needs them', () => {
        const strategy = ticker => platform.expect(201, 'POST', '/api/v1/strategies', { token: admin, body: { name: `of ${ticker}`,
            kind: 'buy_and_hold', parameters: {}, symbols: [ticker], timeframe: '1Day' } });
        const start = async (ticker, body = {}) => (await platform.expect(202, 'POST', `/api/v1/strategies/${(await strategy(ticker)).id}/backtests`,
            { token: admin, body: { start: '2024-01-01T00:00:00Z', ...body } })).id;
        const look = id => platform.expect(200, 'GET', `/api/v1/backtests/${id}`, { token: admin });
        const ended = id => until('the backtest to end', async () => {
            const backtest = await look(id);
            return !['queued', 'running'].includes(backtest.status) && backtest;
        }, 60);
        const shortOf = async ticker => {
            server.histories.set(`yahoo ${ticker}`, adjusted('', sessions.slice(0, -2)));
            await list(ticker);
            await age(ticker, sessions.at(-2));
        };

        it('waits until they are there', async () => {
            const ticker = next();
            await shortOf(ticker);
            server.histories.set(`yahoo ${ticker}`, adjusted(''));
            const release = held(ticker);
            const id = await start(ticker);
            await until('it to have been asked for', () => server.callsOf('yahoo', ticker, 'history').length === 2);
            release();
            const backtest = await ended(id);
            assert.equal(backtest.status, 'completed', backtest.reason_message);
            assert.equal(backtest.statistics.last_at.slice(0, 10), sessions.at(-1));
        });

        it('fails when nobody can be asked, and does not when it ends before', async () => {
            const ticker = next();
            await shortOf(ticker);
            server.mode.set('yahoo', () => ({ status: 503, body: '' }));
            server.mode.set('alpha-vantage', () => ({ status: 503, body: '' }));
            const backtest = await ended(await start(ticker));
            assert.deepEqual([backtest.status, backtest.reason], ['failed', 'HISTORY_INCOMPLETE']);
            assert.match(backtest.reason_message, new RegExp(`${ticker}.*${sessions.at(-3)}`));
            const earlier = await ended(await start(ticker, { end: `${sessions.at(-3)}T23:00:00Z` }));
            assert.equal(earlier.status, 'completed', earlier.reason_message);
            assert.equal(earlier.statistics.last_at.slice(0, 10), sessions.at(-3));
            server.mode.clear();
        });
    });
});
