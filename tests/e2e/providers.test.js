// SPDX-License-Identifier: MIT
// The live market against a server that speaks as the providers of prices do.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:https';
import { join } from 'node:path';
import { after, before, beforeEach, describe, it } from 'node:test';
import { Authority } from '../support/certificates.mjs';
import { Platform, madeUpBars, toCsv, until } from '../support/platform.mjs';
import { ProviderServer, faults, refusals } from '../support/providers.mjs';

const keys = { ALPHA_VANTAGE: 'AVPLANTED7Q2', FINNHUB: 'FHPLANTED8R3x', TWELVE_DATA: 'TDPLANTED9S4y' };
const keySettings = Object.fromEntries(Object.entries(keys).map(([name, key]) => [`BOURSE_${name}_KEY`, key]));
const order = ['finnhub', 'twelve-data', 'alpha-vantage', 'yahoo', 'stooq'];

// A moment at which the market was open: now while it is, or the last close.
async function lastTrade(platform) {
    const { is_open } = await platform.expect(200, 'GET', '/api/v1/clock');
    if (is_open)
        return Date.now() - 1000;
    const date = ms => new Date(ms).toISOString().slice(0, 10);
    const { sessions } = await platform.expect(200, 'GET',
        `/api/v1/calendar?start=${date(Date.now() - 10 * 86400e3)}&end=${date(Date.now())}`);
    return Math.max(...sessions.map(session => Date.parse(session.close)).filter(at => at <= Date.now()));
}

const quoteOf = (price, at) => ({ price, open: price - 1, high: price + 2, low: price - 3, previous: price - 0.5,
    volume: 12345, at: Math.floor(at / 1000) * 1000 });

// Asks for a price, as somebody who looks at it does, until there is the one that `is` says.
function priceOf(platform, ticker, is = () => true, seconds = 20) {
    return until(`the price of ${ticker}`, async () => {
        const reply = await platform.request('GET', `/api/v1/quotes/${ticker}`);
        return reply.status === 200 && is(reply.body) ? reply.body : false;
    }, seconds);
}

// So many at once that the gateway does not count them as too many of one address.
async function askAll(platform, tickers, at_once = 12) {
    const left = [...tickers], replies = [];
    await Promise.all(Array.from({ length: at_once }, async () => {
        while (left.length > 0)
            replies.push(await platform.request('GET', `/api/v1/quotes/${left.pop()}`));
    }));
    return replies;
}

const providerOf = async (platform, token, name) =>
    (await platform.expect(200, 'GET', '/api/v1/providers', { token })).providers.find(one => one.name === name);

describe('live prices', () => {
    let platform, server, admin, at;
    let tickers; // of the universe, each used once
    const next = () => tickers.pop();

    // What one test has made a provider say is no other's.
    beforeEach(() => {
        server.mode = new Map();
    });
    before(async () => {
        server = await ProviderServer.start();
        platform = await Platform.start({ options: ['--market', 'live'], env: { ...server.settings(), ...keySettings,
            BOURSE_PROVIDERS: order.join(','), BOURSE_PROVIDER_LIMITS: order.map(name => `${name}=0/0`).join(','),
            BOURSE_QUOTE_REFRESH_SECONDS: '1' } });
        admin = await platform.administrator();
        at = await lastTrade(platform);
        const { symbols } = await platform.expect(200, 'GET', '/api/v1/symbols?limit=500');
        tickers = symbols.map(symbol => symbol.ticker).filter(ticker => !ticker.includes('.'));
    });
    after(async () => {
        await platform?.stop();
        await server?.stop();
    });

    it('come to the cent from each of the five formats, and name their provider', async () => {
        for (const [index, provider] of order.entries()) {
            const ticker = provider === 'stooq' ? 'BRK.B' : next();
            server.quotes.set(`${provider} ${ticker}`, quoteOf(100.25 + index, at));
            const quote = await priceOf(platform, ticker);
            assert.equal(quote.source, provider);
            assert.equal(quote.price, `${100.25 + index}`);
            assert.equal(quote.open, `${99.25 + index}`);
            assert.equal(quote.high, `${102.25 + index}`);
            assert.equal(quote.low, `${97.25 + index}`);
            assert.equal(quote.volume, provider === 'finnhub' ? 0 : 12345); // it does not say
            assert.equal(quote.previous_close, provider === 'stooq' ? undefined : `${99.75 + index}`);
            if (provider !== 'alpha-vantage') { // which has days alone
                assert.equal(Date.parse(quote.quoted_at), Math.floor(at / 1000) * 1000);
                assert.equal(quote.stale, false);
            }
            // The ones before it were asked, and did not know.
            for (const other of order.slice(0, index))
                assert.equal(server.callsOf(other, ticker).length, 1, other);
        }
        assert.equal(server.callsOf('finnhub')[0].key, keys.FINNHUB);
        assert.equal(server.callsOf('twelve-data')[0].key, keys.TWELVE_DATA);
        assert.equal(server.callsOf('alpha-vantage')[0].key, keys.ALPHA_VANTAGE);
    });

    it('are of the real time alone', async () => {
        const clock = await platform.expect(200, 'GET', '/api/v1/clock');
        assert.equal(clock.mode, 'real');
        await platform.expect(422, 'PUT', '/api/v1/clock', { token: admin, body: { mode: 'step' } });
        await platform.expect(200, 'PUT', '/api/v1/clock', { token: admin, body: { mode: 'real' } });
    });

    it('of a symbol that nobody knows are asked for once, by however many', async () => {
        const asked = await askAll(platform, Array(1000).fill('NOSUCH1'));
        assert.deepEqual(new Set(asked.map(reply => reply.body.reason)), new Set(['SYMBOL_NOT_FOUND']));
        assert.equal((await platform.request('GET', '/api/v1/symbols/NOSUCH1')).status, 404);
        assert.deepEqual(order.map(name => server.calls.filter(call => call.provider === name && call.tickers.includes('NOSUCH1')).length),
            [1, 1, 1, 1, 1]);
        // What cannot be a ticker is not asked for at all.
        assert.equal((await platform.request('GET', '/api/v1/quotes/!NO')).status, 404);
    });

    it('are there with the first answer, which waits for them', async () => {
        const ticker = next();
        server.quotes.set(`finnhub ${ticker}`, (name, symbol) => ({ body: JSON.stringify({ c: 55.5, d: 1, dp: 1, h: 56, l: 55, o: 55, pc: 54,
            t: Math.floor(at / 1000) }), slow: 600 }));
        const reply = await platform.request('GET', `/api/v1/quotes/${ticker}`);
        assert.equal(reply.status, 200, reply.text);
        assert.equal(reply.body.price, '55.50');
        // One that takes too long is asked for again by who wants it.
        const late = next();
        server.quotes.set(`finnhub ${late}`, () => ({ body: JSON.stringify({ c: 55.5, d: 1, dp: 1, h: 56, l: 55, o: 55, pc: 54,
            t: Math.floor(at / 1000) }), slow: 4000 }));
        const start = Date.now();
        const pending = await platform.request('GET', `/api/v1/quotes/${late}`);
        assert.equal(pending.status, 503);
        assert.equal(pending.body.reason, 'BEING_FETCHED');
        assert.ok(pending.headers.get('retry-after'));
        assert.ok(Date.now() - start >= 1900, String(Date.now() - start));
        await priceOf(platform, late);
    });

    it('of a symbol that is not in the catalogue add it, with what an overview says', async () => {
        server.overviews.set('NEWCO', { Symbol: 'NEWCO', AssetType: 'Common Stock', Name: 'New Company Inc', Exchange: 'NASDAQ',
            Currency: 'USD', Sector: 'TECHNOLOGY' });
        server.quotes.set('yahoo NEWCO', quoteOf(12, at));
        const asked = await askAll(platform, Array(200).fill('newco'));
        assert.ok(asked.every(reply => reply.status === 200 || reply.body.reason === 'BEING_FETCHED'), asked.find(reply => reply.status !== 200)?.text);
        assert.equal((await priceOf(platform, 'NEWCO')).price, '12.00');
        const symbol = await platform.expect(200, 'GET', '/api/v1/symbols/NEWCO');
        assert.deepEqual([symbol.name, symbol.exchange, symbol.sector], ['New Company Inc', 'NASDAQ', 'TECHNOLOGY']);
        assert.equal(server.callsOf('alpha-vantage', 'NEWCO', 'overview').length, 1);
        assert.equal(server.callsOf('finnhub', 'NEWCO', 'search').length, 1);
    });

    it('have a history of days that is fetched once, kept, and not asked for again', async () => {
        const ticker = next(), none = next();
        const days = Array.from({ length: 60 }, (_, i) => new Date(Date.UTC(2024, 0, 2) + i * 86400e3).toISOString().slice(0, 10))
            .filter(date => ![0, 6].includes(new Date(date).getUTCDay()));
        const history = days.map((date, i) => ({ date, open: 100 + i, high: 103 + i, low: 99 + i, close: 102 + i, volume: 1000 + i }));
        server.histories.set(`yahoo ${ticker}`, history);
        const left = Array(1000).fill(ticker), replies = [];
        await Promise.all(Array.from({ length: 12 }, async () => {
            while (left.pop())
                replies.push(await platform.request('GET', `/api/v1/bars/${ticker}?timeframe=1Day&limit=1000`));
        }));
        assert.ok(replies.every(reply => reply.status === 200 || reply.body.reason === 'BEING_FETCHED'), replies.find(reply => reply.status !== 200)?.text);
        const asDays = bars => bars.map(bar => [bar.time.slice(0, 10), ...['open', 'high', 'low', 'close', 'volume'].map(name => Number(bar[name]))]);
        const expected = history.map(bar => Object.values(bar));
        const list = () => platform.expect(200, 'GET', `/api/v1/bars/${ticker}?timeframe=1Day&limit=1000&start=2024-01-01&end=2024-12-31`);
        assert.deepEqual(asDays((await list()).bars), expected);
        const calls = name => order.map(provider => server.callsOf(provider, name, 'history').length);
        assert.deepEqual(calls(ticker), [1, 1, 1, 1, 0]);
        // That there is none is kept for the day, too.
        for (let i = 0; i < 2; i++)
            assert.deepEqual((await platform.expect(200, 'GET', `/api/v1/bars/${none}?timeframe=1Week`)).bars, []);
        assert.deepEqual(calls(none), [1, 1, 1, 1, 1]);
        await platform.kill('market');
        await until('market to be back', async () => (await platform.request('GET', `/api/v1/bars/${none}`)).status === 200, 60);
        assert.deepEqual(asDays((await list()).bars), expected);
        assert.deepEqual([calls(ticker), calls(none)], [[1, 1, 1, 1, 0], [1, 1, 1, 1, 1]]);
        // The next day what has come since is asked for, which is more than what was seen of it here.
        history.push({ date: '2024-03-04', open: 162, high: 165, low: 160, close: 163, volume: 2000 });
        await platform.query(`UPDATE market.histories SET asked_on = asked_on - 1 WHERE ticker = '${ticker}'`);
        await platform.query(`INSERT INTO market.bars VALUES ('${ticker}', '2024-03-04', 7, 7, 7, 7, 7, false, true)`);
        await until('the day that has come since', async () => {
            const { status, body } = await platform.request('GET', `/api/v1/bars/${ticker}?timeframe=1Day&limit=1000&start=2024-01-01&end=2024-12-31`);
            return status === 200 && body.bars.length === history.length && Number(body.bars.at(-1).close) === 163;
        });
        assert.deepEqual(asDays((await list()).bars), history.map(bar => Object.values(bar)));
        assert.deepEqual(calls(ticker), [2, 2, 2, 2, 0]);
    });

    it('are searched for at providers when the catalogue has no match, once', async () => {
        server.searches.set('finnhub zebra works', [{ symbol: 'ZBRW', name: 'ZEBRA WORKS INC' }, { symbol: 'ZBRW.DE', name: 'ZEBRA WORKS INC' }]);
        const search = async words => (await platform.expect(200, 'GET', `/api/v1/symbols?q=${encodeURIComponent(words)}`)).symbols.map(one => one.ticker);
        assert.deepEqual(await search('zebra works'), ['ZBRW']);
        assert.deepEqual(await search('zebra works'), ['ZBRW']);
        assert.deepEqual(await search('nothing of the kind'), []);
        assert.deepEqual(await search('nothing of the kind'), []);
        assert.deepEqual(await search('zq'), []);
        assert.ok((await search('apple')).includes('AAPL'));
        assert.deepEqual(server.calls.filter(call => call.ask === 'search' && / |apple|zq/.test(call.tickers[0])).map(call => `${call.provider} ${call.tickers[0]}`),
            ['finnhub zebra works', 'finnhub nothing of the kind', 'alpha-vantage nothing of the kind']);
    });

    for (const provider of order.slice(0, -1))
        it(`never come wrong from ${provider}, whatever it says`, async () => {
            const behind = order.slice(0, order.indexOf(provider));
            for (const [fault, lie] of Object.entries(faults)) {
                // Finnhub does not say whose price it is.
                if (fault === 'another symbol' && provider === 'finnhub')
                    continue;
                // Once is enough of what takes its time.
                if (fault === 'nothing for ten seconds' && provider !== 'yahoo')
                    continue;
                // What works in between keeps it from being left alone.
                const good = next(), ticker = next();
                server.quotes.set(`${provider} ${good}`, quoteOf(20, at));
                assert.equal((await priceOf(platform, good)).source, provider, fault);
                server.quotes.set(`${provider} ${ticker}`, (name, symbol) => lie(name, symbol, quoteOf(30, at)));
                server.quotes.set(`stooq ${ticker}`, quoteOf(40, at));
                const quote = await priceOf(platform, ticker);
                assert.equal(quote.source, 'stooq', fault);
                assert.equal(quote.price, '40.00', fault);
                assert.ok(server.callsOf(provider, ticker).length >= 1, fault);
                for (const other of behind)
                    assert.equal(server.callsOf(other, ticker).length, 1);
                const { problem, failed_at } = await providerOf(platform, admin, provider);
                assert.ok(problem.length > 0 && failed_at, fault);
            }
        });

    it('that nobody knows are not asked for by the page of a symbol with days alone, or its stream would be refused', async () => {
        const week = 7 * 86400e3;
        const later = Math.floor((Date.now() - Date.UTC(2014, 4, 1)) / week) * week;
        const bars = madeUpBars(7).map(bar => ({ ...bar, date: new Date(Date.parse(bar.date) + later).toISOString().slice(0, 10) }));
        await platform.insist(201, 'POST', '/api/v1/symbols', { token: admin, body: { ticker: 'DAYSONLY', name: 'Days only' } });
        await platform.import('DAYSONLY', toCsv(bars), admin);
        await platform.expect(404, 'GET', '/api/v1/quotes/DAYSONLY');
        const page = await (await fetch(`${platform.url}/symbols/DAYSONLY`)).text();
        assert.match(page, /<figure [^>]*data-chart="DAYSONLY"/);
        assert.match(page, /<span class="change [^>]*>/);
        assert.doesNotMatch(page, /data-quote="DAYSONLY"/);
    });

    it('that leap have to come twice', async () => {
        const ticker = next();
        server.quotes.set(`finnhub ${ticker}`, { ...quoteOf(100, at), previous: 200 });
        await priceOf(platform, ticker);
        assert.ok(server.callsOf('finnhub', ticker).length >= 2);
    });

    it('are shown as they were, and as stale, after a restart without providers', async () => {
        const ticker = next();
        server.quotes.set(`yahoo ${ticker}`, quoteOf(77.5, at));
        const quote = await priceOf(platform, ticker);
        await until('it to be kept', async () => (await platform.query(
            `SELECT 1 FROM market.last_quotes WHERE ticker = '${ticker}'`)).length === 1);
        server.mode = new Map(order.map(name => [name, () => ({ status: 503, body: '' })]));
        // Nobody's memory is left.
        await platform.kill('market');
        await platform.kill('gateway');
        const again = await until('the price to be back', async () => {
            const reply = await platform.request('GET', `/api/v1/quotes/${ticker}`).catch(() => ({}));
            return reply.status === 200 && reply.body;
        }, 60);
        assert.deepEqual({ ...again, valid_until: '' }, { ...quote, stale: true, valid_until: '' });
        // With nobody to ask it stays so, and is not traded on. Who looks once may not be heard of by a market that
        // has only just come back: what is looked at is told again each second.
        await until('a provider to be left alone', async () => {
            await platform.expect(200, 'GET', `/api/v1/quotes/${ticker}`);
            return (await Promise.all(order.map(name => providerOf(platform, admin, name)))).some(one => one.failed_at);
        });
        assert.equal((await platform.expect(200, 'GET', `/api/v1/quotes/${ticker}`)).stale, true);
        // The market may have opened meanwhile. The new price is there before anybody answers again.
        server.quotes.set(`yahoo ${ticker}`, quoteOf(78, await lastTrade(platform)));
        server.mode = new Map();
        const fresh = await priceOf(platform, ticker, one => !one.stale, 90);
        assert.equal(fresh.price, '78.00');
    });

    it('come from the next when one says something new, which is shown without the key in it', async () => {
        const ticker = next();
        server.mode.set('alpha-vantage', key => ({ body: JSON.stringify({ Information: `Dear ${key}, we have moved` }) }));
        server.quotes.set(`stooq ${ticker}`, quoteOf(40, at));
        assert.equal((await priceOf(platform, ticker)).price, '40.00');
        const { problem } = await providerOf(platform, admin, 'alpha-vantage');
        assert.match(problem, /Dear \*+, we have moved/);
    });

    it('are no longer asked of a provider that does not want to be asked, or refuses the key', async () => {
        for (const [provider, state, refusal] of refusals) {
            await until(`${provider} to be asked again`, async () =>
                (await providerOf(platform, admin, provider)).state === 'closed', 90);
            const ticker = next(), other = next();
            server.mode.set(provider, refusal);
            server.quotes.set(`stooq ${ticker}`, quoteOf(40, at));
            server.quotes.set(`stooq ${other}`, quoteOf(41, at));
            assert.equal((await priceOf(platform, ticker)).price, '40.00', provider);
            assert.equal(server.callsOf(provider, ticker).length, 1);
            const shown = await providerOf(platform, admin, provider);
            assert.equal(shown.state, state, JSON.stringify(shown));
            assert.ok(Date.parse(shown.blocked_until) > Date.now());
            assert.equal((await priceOf(platform, other)).price, '41.00', provider);
            assert.equal(server.callsOf(provider, other).length, 0, provider);
        }
    });

    it('cost no key: none is in a log, an answer or a metric', async () => {
        const seen = readdirSync(join(platform.data, 'log')).map(name => readFileSync(join(platform.data, 'log', name), 'utf8'));
        seen.push(JSON.stringify(await platform.expect(200, 'GET', '/api/v1/providers', { token: admin })));
        const port = readFileSync(join(platform.data, 'ports'), 'utf8').split('\n').find(line => line.startsWith('market ')).split(' ')[2];
        seen.push(await (await fetch(`http://127.0.0.1:${port}/metrics`)).text());
        assert.match(seen.join('\n'), /provider_fails/);
        assert.match(seen.at(-1), /market_provider_calls_total\{provider="finnhub",outcome="key_refused"\} [1-9]/);
        for (const key of Object.values(keys))
            assert.ok(!seen.join('\n').includes(key.slice(0, 8)), key);
        // And none is where everybody on the machine can see it.
        for (const name of ['market', 'gateway'])
            assert.ok(!readFileSync(`/proc/${platform.pid(name)}/cmdline`, 'utf8').includes('PLANTED'));
        assert.ok(!readFileSync(`/proc/${platform.pid('gateway')}/environ`, 'utf8').includes('PLANTED'));
    });
});

describe('the budget of calls', () => {
    let platform, server, symbols, at, authority, impostor;
    let fooled = 0;

    before(async () => {
        server = await ProviderServer.start();
        authority = new Authority(); // that nobody has heard of
        const { certificate, key } = authority.issue('stooq.com');
        impostor = createServer({ cert: certificate, key }, (request, reply) => {
            fooled++;
            reply.end();
        });
        await new Promise(done => impostor.listen(0, '127.0.0.1', done));
        platform = await Platform.start({ options: ['--market', 'live'], env: { ...server.settings(),
            BOURSE_STOOQ_URL: `https://127.0.0.1:${impostor.address().port}`, BOURSE_PROVIDERS: 'stooq,yahoo',
            BOURSE_PROVIDER_LIMITS: 'yahoo=8/0,stooq=0/0', BOURSE_QUOTE_REFRESH_SECONDS: '1', BOURSE_HTTP_THREADS: '32' } });
        at = await lastTrade(platform);
        symbols = (await platform.expect(200, 'GET', '/api/v1/symbols?limit=500')).symbols.map(symbol => symbol.ticker);
        for (const ticker of symbols)
            server.quotes.set(`yahoo ${ticker}`, quoteOf(60, at));
    });
    after(async () => {
        await platform?.stop();
        await server?.stop();
        impostor?.close();
        authority?.remove();
    });

    it('is not spent on whoever has no right to a provider\'s name', async () => {
        const token = await platform.administrator();
        assert.equal((await priceOf(platform, symbols[1])).source, 'yahoo');
        const { problem, succeeded_at } = await providerOf(platform, token, 'stooq');
        assert.match(problem, /certificate/i);
        assert.equal(succeeded_at, undefined);
        assert.equal(fooled, 0);
    });

    it('is one call for a thousand who ask for one symbol', async () => {
        const ticker = symbols[0];
        const asked = await askAll(platform, Array(1000).fill(ticker));
        assert.ok(asked.every(reply => reply.body.reason === 'BEING_FETCHED' || reply.body.price === '60.00'));
        await priceOf(platform, ticker);
        assert.equal(server.callsOf('yahoo', ticker).length, 1);
    });

    it('is waited for by a quarter of the threads at most; the others are told to ask again', async () => {
        const ticker = symbols[151 % symbols.length], quote = server.quotes.get(`yahoo ${ticker}`);
        server.quotes.set(`yahoo ${ticker}`, () => ({ body: '', slow: 5000 }));
        const asked = await Promise.all(Array.from({ length: 24 }, async () => {
            const start = Date.now();
            const reply = await platform.request('GET', `/api/v1/quotes/${ticker}`);
            return { ...reply, took: Date.now() - start };
        }));
        server.quotes.set(`yahoo ${ticker}`, quote);
        assert.ok(asked.every(reply => reply.status === 503), asked.map(reply => reply.text).join());
        assert.ok(asked.some(reply => reply.took >= 1900), asked.map(reply => reply.took).join());
        assert.ok(asked.filter(reply => reply.took < 1000).length >= 24 - 32 / 4, asked.map(reply => reply.took).join());
    });

    it('is kept to the call under a rush for all symbols, over a kill too', async () => {
        // Of eight a minute a quarter goes at once, and the rest in even steps.
        const burst = 2, interval = 60000 / 7, start = server.calls[0].at;
        const slack = 3000; // between when a call leaves and when it is seen here, on a busy machine
        const left = 'market_provider_calls_left{provider="yahoo",budget="minute"}';
        const look = async () => {
            await askAll(platform, symbols.slice(2, 150));
            server.calls.filter(call => call.provider === 'yahoo').forEach((call, i) => assert.ok(call.at - start >= (i - burst + 1) * interval - slack,
                `call ${i + 1} came ${call.at - start} ms after the first`));
            return server.calls.length;
        };
        await until('what goes at once to be spent', async () => await look() >= burst &&
            await platform.metric('market', left) === 0);
        const spent = server.calls.length;
        await until('the next step', async () => await look() > spent);
        // Whoever starts anew now must not begin with a full budget.
        const last = server.calls.length;
        await platform.kill('market');
        await until('the step after it', async () => await look() > last, 60);
        const step = server.calls[last].at - server.calls[last - 1].at;
        assert.ok(step >= interval - slack, `the next call came ${step} ms after the last`);
        assert.ok(step < 2 * interval + 15000, `the next call came only ${step} ms after the last`);
    });
});
