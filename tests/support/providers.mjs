// SPDX-License-Identifier: MIT
// providers: a server on this machine that speaks as five providers of prices do, their failures, their
// slowness and their lies included. What each says of a symbol is up to the test.
import { createServer } from 'node:http';

export const providers = ['alpha-vantage', 'yahoo', 'finnhub', 'twelve-data', 'stooq'];

const json = body => ({ body: JSON.stringify(body) });
const fixed = value => Number(value).toFixed(4);
// Date and time of day there, as 2026-11-25 and 16:00:00.
const wallClock = (ms, timeZone) => {
    const parts = Object.fromEntries(new Intl.DateTimeFormat('en-GB', { timeZone, hourCycle: 'h23',
        year: 'numeric', month: '2-digit', day: '2-digit', hour: '2-digit', minute: '2-digit', second: '2-digit' })
        .formatToParts(ms).map(part => [part.type, part.value]));
    return [`${parts.year}-${parts.month}-${parts.day}`, `${parts.hour}:${parts.minute}:${parts.second}`];
};
const newYorkDay = ms => wallClock(ms, 'America/New_York')[0];
const warsaw = ms => wallClock(ms, 'Europe/Warsaw');
const seconds = ms => Math.floor(ms / 1000);
const day = 86400e3;

// Data as each provider writes it: of a symbol, with {price, open, high, low, previous, volume, at}.
const data = {
    'alpha-vantage': (symbol, q) => json({ 'Global Quote': { '01. symbol': symbol, '02. open': fixed(q.open),
        '03. high': fixed(q.high), '04. low': fixed(q.low), '05. price': fixed(q.price), '06. volume': String(q.volume),
        '07. latest trading day': newYorkDay(q.at), '08. previous close': fixed(q.previous),
        '09. change': fixed(q.price - q.previous), '10. change percent': '1.2368%' } }),
    yahoo: (symbol, q) => json({ chart: { result: [{ meta: { currency: 'USD', symbol, regularMarketTime: seconds(q.at),
        regularMarketPrice: q.price, chartPreviousClose: 1, regularMarketDayHigh: q.high, regularMarketDayLow: q.low,
        regularMarketVolume: q.volume, gmtoffset: -18000 }, timestamp: [seconds(q.at - 2 * day), seconds(q.at - day), seconds(q.at)],
        indicators: { quote: [{ open: [null, q.previous, q.open], high: [null, q.previous, q.high],
            low: [null, q.previous, q.low], close: [null, q.previous, q.price], volume: [null, 1, q.volume] }] } }], error: null } }),
    finnhub: (symbol, q) => json({ c: q.price, d: 1, dp: 1, h: q.high, l: q.low, o: q.open, pc: q.previous, t: seconds(q.at) }),
    'twelve-data': (symbol, q) => json({ symbol, name: symbol, exchange: 'NASDAQ', currency: 'USD', datetime: newYorkDay(q.at),
        timestamp: seconds(q.at), last_quote_at: seconds(q.at), open: fixed(q.open), high: fixed(q.high), low: fixed(q.low),
        close: fixed(q.price), volume: String(q.volume), previous_close: fixed(q.previous), is_market_open: false }),
    stooq: (symbol, q) => ({ body: `${symbol},${warsaw(q.at).join(',')},${q.open},${q.high},${q.low},${q.price},${q.volume}\r\n` }),
};

// What each says of a symbol that it does not know.
const unknown = {
    'alpha-vantage': () => json({ 'Global Quote': {} }),
    yahoo: () => ({ status: 404, body: JSON.stringify({ chart: { result: null, error: { code: 'Not Found',
        description: 'No data found, symbol may be delisted' } } }) }),
    finnhub: () => json({ c: 0, d: null, dp: null, h: 0, l: 0, o: 0, pc: 0, t: 0 }),
    'twelve-data': () => json({ code: 404, message: '**symbol** not found', status: 'error' }),
    stooq: symbol => ({ body: `${symbol},N/D,N/D,N/D,N/D,N/D,N/D,N/D\r\n` }),
};

// Daily bars as each writes them: of {date, open, high, low, close, volume}, oldest first.
const history = {
    'alpha-vantage': (symbol, bars) => json({ 'Meta Data': { '2. Symbol': symbol, '5. Time Zone': 'US/Eastern' },
        'Time Series (Daily)': Object.fromEntries(bars.map(bar => [bar.date, { '1. open': fixed(bar.open), '2. high': fixed(bar.high),
            '3. low': fixed(bar.low), '4. close': fixed(bar.close), '5. volume': String(bar.volume) }])) }),
    yahoo: (symbol, bars) => json({ chart: { result: [{ meta: { currency: 'USD', symbol, gmtoffset: -18000 },
        timestamp: bars.map(bar => seconds(Date.parse(`${bar.date}T15:00:00Z`))),
        indicators: { quote: [Object.fromEntries(['open', 'high', 'low', 'close', 'volume'].map(name => [name, bars.map(bar => bar[name])]))] } }],
    error: null } }),
    finnhub: (symbol, bars) => json({ s: 'ok', t: bars.map(bar => seconds(Date.parse(`${bar.date}T00:00:00Z`))),
        ...Object.fromEntries([['o', 'open'], ['h', 'high'], ['l', 'low'], ['c', 'close'], ['v', 'volume']].map(([short, name]) =>
            [short, bars.map(bar => bar[name])])) }),
};
const noHistory = {
    ...unknown,
    'alpha-vantage': () => json({ 'Error Message': 'Invalid API call. Please retry or visit the documentation for TIME_SERIES_DAILY.' }),
    finnhub: () => json({ c: [], h: [], l: [], o: [], t: [], v: [], s: 'no_data' }),
    stooq: () => ({ body: 'No data' }),
};

// What is asked for, by the address.
function askOf(provider, path, parameters) {
    if (provider === 'alpha-vantage')
        return { TIME_SERIES_DAILY: 'history', SYMBOL_SEARCH: 'search', OVERVIEW: 'overview' }[parameters.get('function')] ?? 'quote';
    if (path.includes('search'))
        return 'search';
    return parameters.has('period1') || path.includes('candle') || path.includes('time_series') || path.join('/') === 'q/d/l/' ? 'history' : 'quote';
}

const stooqHeader = 'Symbol,Date,Time,Open,High,Low,Close,Volume\r\n';

// Changes to an answer that make it one not to be believed.
export const faults = {
    'another symbol': (provider, symbol, quote) => data[provider](provider === 'stooq' ? 'OTHER.US' : 'OTHER', quote),
    'a price of zero': (provider, symbol, quote) => data[provider](symbol, { ...quote, price: 0 }),
    'a negative price': (provider, symbol, quote) => data[provider](symbol, { ...quote, price: -quote.price }),
    'a price outside of its day': (provider, symbol, quote) => data[provider](symbol, { ...quote, price: quote.price * 7 }),
    'a date to come': (provider, symbol, quote) => data[provider](symbol, { ...quote, at: Date.now() + 3 * day }),
    'a page of HTML': () => ({ body: '<!DOCTYPE html><html><body>Are you human?</body></html>', whole: true }),
    'half of the reply': (provider, symbol, quote) => {
        const { body } = data[provider](symbol, quote);
        return { body: body.slice(0, body.length / 2) };
    },
    'a connection cut off': (provider, symbol, quote) => ({ ...data[provider](symbol, quote), cut: true }),
    'status 500': () => ({ status: 500, body: '', whole: true }),
    'a redirection': () => ({ status: 302, headers: { location: 'http://127.0.0.1:1/' }, body: '', whole: true }),
    'five megabytes': () => ({ body: ' '.repeat(5 << 20), whole: true }),
    'nothing for ten seconds': () => ({ slow: 10000, body: '', whole: true }),
};

// The failures that say why, as they are documented, and what becomes of the provider by each.
export const refusals = [
    ['alpha-vantage', 'blocked', key => json({ Information: `We have detected your API key as ${key} and our standard API rate `
        + 'limit is 25 requests per day. Please subscribe to any of the premium plans' })],
    ['yahoo', 'blocked', () => ({ status: 429, body: 'Too Many Requests\r\n' })],
    ['finnhub', 'blocked', key => ({ status: 401, body: JSON.stringify({ error: `Invalid API key ${key}` }) })],
    ['twelve-data', 'blocked', key => json({ code: 429, message: `You have run out of API credits (${key}) for the current minute.`,
        status: 'error' })],
];

export class ProviderServer {
    static async start() {
        const server = new ProviderServer();
        server.calls = []; // {provider, ask, tickers, at, key}; of a search the words as a ticker
        server.quotes = new Map(); // "provider ticker" -> quote, or a function (provider, symbol) -> answer
        server.histories = new Map(); // "provider ticker" -> bars
        server.searches = new Map(); // "provider words" -> [{symbol, name}]
        server.overviews = new Map(); // ticker -> what Alpha Vantage says of it
        server.mode = new Map(); // provider -> function (key) -> answer, whatever is asked for
        server.holds = new Map(); // ticker -> promise, until which nobody answers what its history is
        server.http = createServer((request, reply) => server.answer(request, reply));
        await new Promise(done => server.http.listen(0, '127.0.0.1', done));
        server.port = server.http.address().port;
        return server;
    }

    // The settings that send a platform here.
    settings() {
        return Object.fromEntries(providers.map(name =>
            [`BOURSE_${name.toUpperCase().replace('-', '_')}_URL`, `http://127.0.0.1:${this.port}/${name}`]));
    }

    stop() {
        this.http.closeAllConnections();
        return new Promise(done => this.http.close(done));
    }

    callsOf(provider, ticker, ask = 'quote') {
        return this.calls.filter(call => call.provider === provider && call.ask === ask && (!ticker || call.tickers.includes(ticker)));
    }

    answer(request, reply) {
        const url = new URL(request.url, 'http://here');
        const [, provider, ...path] = url.pathname.split('/');
        const ask = askOf(provider, path, url.searchParams);
        const symbols = ask === 'search' ? [url.searchParams.get('q') ?? url.searchParams.get('keywords')] : {
            'alpha-vantage': () => [url.searchParams.get('symbol')],
            yahoo: () => [decodeURIComponent(path.at(-1))],
            finnhub: () => [url.searchParams.get('symbol')],
            'twelve-data': () => url.searchParams.get('symbol').split(','),
            // A plus is a blank to those who read queries of forms.
            stooq: () => url.searchParams.get('s').split(' ').map(symbol => symbol.toUpperCase()),
        }[provider]();
        const tickers = symbols.map(symbol => symbol.replace(/\.US$/, '').replace('-', '.'));
        const key = url.searchParams.get('apikey') ?? request.headers['x-finnhub-token'] ??
            request.headers.authorization?.replace('apikey ', '') ?? '';
        this.calls.push({ provider, ask, tickers, at: Date.now(), key });
        const answer = this.mode.get(provider)?.(key) ?? this.find(ask, provider, symbols, tickers);
        Promise.resolve(ask === 'history' && this.holds.get(tickers[0])).then(() => this.send(reply, answer));
    }

    find(ask, provider, symbols, tickers) {
        const bars = this.histories.get(`${provider} ${tickers[0]}`);
        const matches = this.searches.get(`${provider} ${tickers[0]}`) ?? [];
        if (ask === 'quote')
            return this.combine(provider, symbols, tickers);
        if (ask === 'history')
            return bars ? history[provider](symbols[0], bars) : noHistory[provider](symbols[0]);
        if (ask === 'overview')
            return json(this.overviews.get(tickers[0]) ?? {});
        if (provider === 'finnhub')
            return json({ count: matches.length, result: matches.map(one => ({ description: one.name, displaySymbol: one.symbol,
                symbol: one.symbol, type: 'Common Stock' })) });
        return json({ bestMatches: matches.map(one => ({ '1. symbol': one.symbol, '2. name': one.name, '3. type': 'Equity',
            '4. region': 'United States', '8. currency': 'USD', '9. matchScore': '1.0000' })) });
    }

    one(provider, symbol, ticker) {
        const quote = this.quotes.get(`${provider} ${ticker}`);
        if (quote === undefined)
            return unknown[provider](symbol);
        return typeof quote === 'function' ? quote(provider, symbol) : data[provider](symbol, quote);
    }

    combine(provider, symbols, tickers) {
        const answers = symbols.map((symbol, i) => this.one(provider, symbol, tickers[i]));
        if (answers.some(answer => answer.whole))
            return answers.find(answer => answer.whole);
        if (provider === 'stooq')
            return { ...answers[0], body: stooqHeader + answers.map(answer => answer.body).join('') };
        if (symbols.length > 1)
            return { body: `{${symbols.map((symbol, i) => `${JSON.stringify(symbol)}:${answers[i].body}`).join(',')}}` };
        return answers[0];
    }

    send(reply, { status = 200, headers = {}, body, slow = 0, cut = false }) {
        setTimeout(() => {
            reply.writeHead(status, { 'content-type': 'text/plain', 'content-length': Buffer.byteLength(body), ...headers });
            if (!cut)
                return reply.end(body);
            reply.write(body.slice(0, -10));
            reply.socket.end();
        }, slow);
    }
}
