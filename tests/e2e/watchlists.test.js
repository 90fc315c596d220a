// SPDX-License-Identifier: MIT
// Watchlists as their users see them.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, it } from 'node:test';

import { Platform, toCsv, until } from '../support/platform.mjs';

const bar = (date, close) => ({ date, open: close, high: close, low: close, close, volume: '1000000' });
const many = Array.from({ length: 501 }, (_, number) => `M${String(number).padStart(3, '0')}`);
const tickersOf = list => list.symbols.map(symbol => symbol.ticker);
const headersOf = key => ({ 'APCA-API-KEY-ID': key.id, 'APCA-API-SECRET-KEY': key.secret });
const lists = '/api/v1/watchlists';

let platform;
let admin;
let users = 0;

// A new user, with the calls that the tests make most.
async function someone() {
    users += 1;
    const user = await platform.trader(`watcher${users}`);
    const { token } = user;
    return {
        ...user,
        all: async (query = '') => (await platform.expect(200, 'GET', lists + query, { token })),
        get: async id => platform.expect(200, 'GET', `${lists}/${id}`, { token }),
        make: async (name, symbols) => platform.expect(201, 'POST', lists, { token, body: { name, symbols } }),
        send: async (method, path, body, headers) => platform.request(method, lists + path, { token, body, headers }),
    };
}

const defaultOf = async user => (await user.all()).watchlists.find(list => list.is_default);

function refused(reply, status, reason) {
    assert.equal(reply.status, status, reply.text);
    assert.equal(reply.body.reason, reason, reply.text);
    return reply.body;
}

before(async () => {
    platform = await Platform.start();
    admin = await platform.administrator();
    await platform.import('ACME', toCsv([bar('2014-02-03', '100'), bar('2014-02-04', '110')]), admin);
    await platform.import('ZINC', toCsv([bar('2014-02-03', '50')]), admin);
    for (const [ticker, name] of [['BOLT', 'Bolt Works'], ['COAL', 'Coal Mines'], ['GONE', 'Soon Gone'], ['IDLE', 'Soon Idle']])
        await platform.expect(201, 'POST', '/api/v1/symbols', { token: admin, body: { ticker, name } });
    await platform.import('IDLE', toCsv([bar('2014-02-03', '7')]), admin);
    await platform.expect(200, 'PATCH', '/api/v1/symbols/ACME', { token: admin, body: { name: 'Acme Corporation' } });
    await platform.expect(200, 'POST', '/api/v1/bars:import', { token: admin, headers: { 'content-type': 'text/csv' },
        raw: 'Symbol,Date,Open,High,Low,Close,Volume\n' + many.map(ticker => `${ticker},2014-02-03,1,1,1,1,1\n`).join('') });
    await platform.step('2014-02-04T15:00:00Z', admin);
});
after(() => platform?.stop());

describe('a user', () => {
    it('has one watchlist from the start, the default one, however many ask for it at once', async () => {
        const ada = await someone();
        const pages = await Promise.all(Array.from({ length: 12 }, () => ada.all()));
        for (const { watchlists } of pages) {
            assert.equal(watchlists.length, 1);
            assert.equal(watchlists[0].id, pages[0].watchlists[0].id);
            assert.equal(watchlists[0].is_default, true);
            assert.deepEqual(watchlists[0].symbols, []);
        }
        assert.equal('next_page_token' in pages[0], false);
    });

    it('who makes one first has the default one beside it', async () => {
        const ada = await someone();
        const made = await ada.make('Tech', ['ACME']);
        assert.equal(made.is_default, false);
        const { watchlists } = await ada.all();
        assert.deepEqual(watchlists.map(list => list.is_default), [true, false]);
        assert.deepEqual(watchlists[1], made);
    });

    it('who is an administrator has one, and sees those of others', async () => {
        const ada = await someone();
        const { id: userId } = await platform.expect(200, 'GET', '/api/v1/users/me', { token: ada.token });
        const none = await platform.expect(200, 'GET', `${lists}?user_id=${userId}`, { token: admin });
        assert.deepEqual(none.watchlists, []);
        const made = await ada.make('Seen', ['ACME']);
        assert.equal((await platform.expect(200, 'GET', lists, { token: admin })).watchlists.length, 1);
        const { watchlists } = await platform.expect(200, 'GET', `${lists}?user_id=${userId}`, { token: admin });
        assert.deepEqual(watchlists.map(list => list.user_id), [userId, userId]);
        assert.deepEqual(await platform.expect(200, 'GET', `${lists}/${made.id}`, { token: admin }), made);
        await platform.expect(200, 'PATCH', `${lists}/${made.id}`, { token: admin, body: { name: 'Corrected' } });
        const event = await until('the audit log to have it', async () => (await platform.expect(200, 'GET',
            '/api/v1/audit-log?action=watchlist.update', { token: admin })).events.find(one => one.subject === made.id));
        assert.equal(event.actor, 'admin');
        assert.match(event.detail, /Corrected/);
        await ada.send('PATCH', `/${made.id}`, { name: 'Mine again' });
        refused(await ada.send('GET', `?user_id=${randomUUID()}`), 403, 'PERMISSION_DENIED');
    });
});

describe('a watchlist', () => {
    it('shows each symbol with its name, its latest price and what it moved by, in the user\'s order', async () => {
        const ada = await someone();
        const list = await ada.make('Mixed', ['ZINC', 'acme', 'BOLT']);
        assert.deepEqual(tickersOf(list), ['ZINC', 'ACME', 'BOLT']);
        const [zinc, acme, bolt] = list.symbols;
        assert.deepEqual(acme, { ticker: 'ACME', name: 'Acme Corporation', price: '110.00', change: '10.00',
            change_percent: '10.00', quoted_at: '2014-02-04T14:30:00Z', stale: false, is_active: true });
        const quote = await platform.expect(200, 'GET', '/api/v1/quotes/ZINC');
        for (const name of ['price', 'change', 'change_percent', 'quoted_at', 'stale'])
            assert.equal(zinc[name], quote[name], name);
        // What is not known is not made up.
        assert.deepEqual(bolt, { ticker: 'BOLT', name: 'Bolt Works', is_active: true });
        assert.deepEqual(await ada.get(list.id), list);
    });

    it('shows the prices of a clock that was stepped, at once', async () => {
        const ada = await someone();
        const list = await ada.make('Later', ['ACME']);
        assert.equal(list.symbols[0].stale, false);
        await platform.step('2014-02-10T15:00:00Z', admin);
        const [acme] = (await ada.get(list.id)).symbols;
        assert.equal(acme.price, '110.00');
        assert.equal(acme.stale, true);
    });

    it('takes a symbol at its end, and one that is there changes nothing', async () => {
        const ada = await someone();
        const { id } = await ada.make('Adding', ['ACME', 'BOLT']);
        const added = await ada.send('POST', `/${id}/symbols`, { ticker: 'zinc' });
        assert.equal(added.status, 200, added.text);
        assert.deepEqual(tickersOf(added.body), ['ACME', 'BOLT', 'ZINC']);
        await platform.step('2014-02-10T15:01:00Z', admin);
        const again = await ada.send('POST', `/${id}/symbols`, { ticker: 'ACME' });
        assert.equal(again.status, 200, again.text);
        assert.deepEqual(tickersOf(again.body), ['ACME', 'BOLT', 'ZINC']);
        assert.equal(again.body.updated_at, added.body.updated_at);
    });

    it('has a symbol once, however many add it at once', async () => {
        const ada = await someone();
        const { id } = await defaultOf(ada);
        const replies = await Promise.all(Array.from({ length: 20 }, () =>
            ada.send('POST', `/${id}/symbols`, { ticker: 'ACME' })));
        for (const reply of replies) {
            assert.equal(reply.status, 200, reply.text);
            assert.deepEqual(tickersOf(reply.body), ['ACME']);
        }
        await Promise.all(many.slice(0, 20).map(ticker => ada.send('POST', `/${id}/symbols`, { ticker })));
        assert.deepEqual(tickersOf(await ada.get(id)).sort(), ['ACME', ...many.slice(0, 20)]);
    });

    it('loses a symbol, and cannot lose what it does not have', async () => {
        const ada = await someone();
        const { id } = await ada.make('Losing', ['ACME', 'BOLT', 'ZINC']);
        assert.equal((await ada.send('DELETE', `/${id}/symbols/bolt`)).status, 204);
        assert.deepEqual(tickersOf(await ada.get(id)), ['ACME', 'ZINC']);
        const problem = refused(await ada.send('DELETE', `/${id}/symbols/BOLT`), 404, 'WATCHLIST_SYMBOL_NOT_FOUND');
        assert.equal(problem.ticker, 'BOLT');
    });

    it('takes no symbol that there is not, and then nothing of the request is done', async () => {
        const ada = await someone();
        const { id } = await ada.make('Known', ['ACME']);
        for (const [method, path, body] of [['POST', '', { name: 'New', symbols: ['ZINC', 'NOSUCH'] }],
            ['PATCH', `/${id}`, { name: 'Renamed', symbols: ['ZINC', 'NOSUCH'], is_default: true }],
            ['POST', `/${id}/symbols`, { ticker: 'NOSUCH' }]])
            assert.equal(refused(await ada.send(method, path, body), 404, 'SYMBOL_NOT_FOUND').ticker, 'NOSUCH');
        const { watchlists } = await ada.all();
        assert.deepEqual(watchlists.map(list => [list.name, tickersOf(list), list.is_default]),
            [['My watchlist', [], true], ['Known', ['ACME'], false]]);
    });

    it('keeps a symbol that is not traded any more, or is not even in the catalogue', async () => {
        const ada = await someone();
        const { id } = await ada.make('Old', ['IDLE', 'GONE', 'ACME']);
        for (const ticker of ['IDLE', 'GONE'])
            await platform.expect(204, 'DELETE', `/api/v1/symbols/${ticker}`, { token: admin });
        const list = await ada.get(id);
        assert.deepEqual(tickersOf(list), ['IDLE', 'GONE', 'ACME']);
        assert.equal(list.symbols[0].is_active, false);
        assert.deepEqual(list.symbols[1], { ticker: 'GONE' });
        const moved = await ada.send('PATCH', `/${id}`, { symbols: ['ACME', 'GONE', 'IDLE'] });
        assert.deepEqual(tickersOf(moved.body), ['ACME', 'GONE', 'IDLE']);
        assert.equal((await ada.send('POST', `/${id}/symbols`, { ticker: 'GONE' })).status, 200);
        assert.equal((await ada.send('DELETE', `/${id}/symbols/GONE`)).status, 204);
        refused(await ada.send('POST', `/${id}/symbols`, { ticker: 'GONE' }), 404, 'SYMBOL_NOT_FOUND');
    });

    it('is renamed, put into another order and emptied, each alone', async () => {
        const ada = await someone();
        const { id } = await ada.make('One', ['ACME', 'BOLT']);
        const patch = async body => (await ada.send('PATCH', `/${id}`, body)).body;
        const shape = list => [list.name, tickersOf(list).join(' ')];
        assert.deepEqual(shape(await patch({ name: 'Two' })), ['Two', 'ACME BOLT']);
        assert.deepEqual(shape(await patch({ symbols: ['ZINC', 'BOLT', 'ACME'] })), ['Two', 'ZINC BOLT ACME']);
        assert.deepEqual(shape(await patch({ name: 'two' })), ['two', 'ZINC BOLT ACME']);
        assert.deepEqual(shape(await patch({ symbols: [] })), ['two', '']);
        assert.deepEqual(shape(await ada.get(id)), ['two', '']);
    });

    it('becomes the default one, which cannot be deleted, and the one before can', async () => {
        const ada = await someone();
        const first = await defaultOf(ada);
        const { id } = await ada.make('Second', ['ACME']);
        refused(await ada.send('DELETE', `/${first.id}`), 409, 'WATCHLIST_IS_DEFAULT');
        const no = await ada.send('PATCH', `/${first.id}`, { is_default: false });
        assert.equal(refused(no, 422, 'INVALID_REQUEST').errors[0].field, 'is_default');
        assert.equal((await ada.send('PATCH', `/${id}`, { is_default: true })).body.is_default, true);
        assert.deepEqual((await ada.all()).watchlists.map(list => list.is_default), [false, true]);
        assert.equal((await ada.send('DELETE', `/${first.id}`)).status, 204);
        refused(await ada.send('DELETE', `/${id}`), 409, 'WATCHLIST_IS_DEFAULT');
        refused(await ada.send('GET', `/${first.id}`), 404, 'WATCHLIST_NOT_FOUND');
        assert.deepEqual((await ada.all()).watchlists.map(list => list.id), [id]);
    });

    it('is answered without names, and changed, while market hangs', async () => {
        const ada = await someone();
        const { id } = await ada.make('Alone', ['ACME', 'ZINC']);
        await platform.frozen('market', async () => {
            await until('quotes to count as stale', async () => (await ada.get(id)).symbols[0].stale, 60);
            const list = await ada.get(id);
            assert.deepEqual([list.symbols[0].price, 'name' in list.symbols[0]], ['110.00', false]);
            assert.equal((await ada.send('DELETE', `/${id}/symbols/ZINC`)).status, 204);
            assert.equal((await ada.send('POST', `/${id}/symbols`, { ticker: 'ACME' })).status, 200);
            const reply = await ada.send('POST', `/${id}/symbols`, { ticker: 'BOLT' });
            assert.ok([503, 504].includes(reply.status), reply.text);
            assert.deepEqual(tickersOf(await ada.get(id)), ['ACME']);
        });
        await until('names again', async () => (await ada.get(id)).symbols[0].name === 'Acme Corporation', 60);
    });
});

describe('a name', () => {
    it('is used once by a user, whatever its case, and again by another user', async () => {
        const [ada, bob] = [await someone(), await someone()];
        const { id } = await ada.make('Äpfel & Birnen', []);
        for (const name of ['Äpfel & Birnen', 'ÄPFEL & birnen', 'MY WATCHLIST'])
            refused(await ada.send('POST', '', { name }), 409, 'WATCHLIST_NAME_TAKEN');
        refused(await ada.send('PATCH', `/${id}`, { name: 'my watchlist' }), 409, 'WATCHLIST_NAME_TAKEN');
        await bob.make('Äpfel & Birnen', []);
        const replies = await Promise.all(['same', 'Same', 'SAME', 'sAME'].map(name => ada.send('POST', '', { name })));
        assert.deepEqual(replies.map(reply => reply.status).sort(), [201, 409, 409, 409]);
    });

    it('has 1 to 100 characters and is one line without blanks at its ends', async () => {
        const ada = await someone();
        await ada.make('ä'.repeat(100), []);
        for (const name of ['', 'x'.repeat(101), ' x', 'x ', 'a\nb'])
            assert.equal(refused(await ada.send('POST', '', { name }), 422, 'INVALID_REQUEST').errors[0].field, 'name');
        assert.equal(refused(await ada.send('POST', '', {}), 422, 'INVALID_REQUEST').errors[0].field, 'name');
    });
});

describe('a limit', () => {
    it('of 500 symbols a list is named when it is reached', async () => {
        const ada = await someone();
        const { id, symbols } = await ada.make('Full', many.slice(0, 500));
        assert.equal(symbols.length, 500);
        const problem = refused(await ada.send('POST', `/${id}/symbols`, { ticker: many[500] }), 403, 'LIMIT_EXCEEDED');
        assert.deepEqual([problem.symbols, problem.maximum], ['500', '500']);
        assert.equal((await ada.send('POST', `/${id}/symbols`, { ticker: many[7] })).status, 200);
        for (const [method, path, body] of [['POST', '', { name: 'Over', symbols: many }], ['PATCH', `/${id}`, { symbols: many }]])
            assert.equal(refused(await ada.send(method, path, body), 422, 'INVALID_REQUEST').errors[0].field, 'symbols');
        const twice = await ada.send('PATCH', `/${id}`, { symbols: ['ACME', 'ZINC', 'acme'] });
        assert.equal(refused(twice, 422, 'INVALID_REQUEST').errors[0].field, 'symbols[2]');
        assert.equal((await ada.get(id)).symbols.length, 500);
    });

    it('of 50 watchlists a user is named when it is reached, also when many come at once', async () => {
        const ada = await someone();
        const replies = await Promise.all(Array.from({ length: 60 }, (_, number) =>
            ada.send('POST', '', { name: `list ${number}` })));
        assert.equal(replies.filter(reply => reply.status === 201).length, 49);
        const problem = refused(replies.find(reply => reply.status !== 201), 403, 'LIMIT_EXCEEDED');
        assert.deepEqual([problem.watchlists, problem.maximum], ['50', '50']);
        const { watchlists } = await ada.all('?limit=500');
        assert.equal(watchlists.length, 50);
        assert.equal((await ada.send('DELETE', `/${watchlists[49].id}`)).status, 204);
        await ada.make('room again', []);
    });

    it('of a page is that of its lists and of their symbols together', async () => {
        const ada = await someone();
        for (const [name, count] of [['a', 300], ['b', 200], ['c', 1], ['d', 500]])
            await ada.make(name, many.slice(0, count));
        const pages = [];
        for (let token = ''; token !== undefined;) {
            const page = await ada.all(`?limit=3${token && `&page_token=${token}`}`);
            pages.push(page.watchlists.map(list => [list.name, list.symbols.length]));
            token = page.next_page_token;
        }
        assert.deepEqual(pages, [[['My watchlist', 0], ['a', 300], ['b', 200]], [['c', 1]], [['d', 500]]]);
        refused(await ada.send('GET', '?page_token=x'), 400, 'INVALID_PAGE_TOKEN');
        assert.equal((await ada.send('GET', '?limit=501')).status, 422);
    });
});

describe('a repeated request', () => {
    it('is done once and answered the same, whatever became of the list since', async () => {
        const ada = await someone();
        const key = { 'idempotency-key': 'make it' };
        const first = await ada.send('POST', '', { name: 'Once', symbols: ['ACME', 'COAL'] }, key);
        assert.equal(first.status, 201, first.text);
        const again = await ada.send('POST', '', { name: 'Once', symbols: ['ACME', 'COAL'] }, key);
        assert.deepEqual(again.body, first.body);
        assert.equal(again.headers.get('idempotent-replayed'), 'true');
        refused(await ada.send('POST', '', { name: 'Other' }, key), 422, 'IDEMPOTENCY_KEY_REUSED');
        const { id } = first.body;
        const adding = { 'idempotency-key': 'add it' };
        const added = await ada.send('POST', `/${id}/symbols`, { ticker: 'ZINC' }, adding);
        assert.equal((await ada.send('DELETE', `/${id}/symbols/ZINC`)).status, 204);
        assert.deepEqual((await ada.send('POST', `/${id}/symbols`, { ticker: 'ZINC' }, adding)).body, added.body);
        assert.deepEqual(tickersOf(await ada.get(id)), ['ACME', 'COAL']);
        assert.equal((await ada.send('DELETE', `/${id}`)).status, 204);
        assert.deepEqual((await ada.send('POST', `/${id}/symbols`, { ticker: 'ZINC' }, adding)).body, added.body);
        await platform.expect(204, 'DELETE', '/api/v1/symbols/COAL', { token: admin });
        const late = await ada.send('POST', '', { name: 'Once', symbols: ['ACME', 'COAL'] }, key);
        assert.equal(late.status, 201, late.text);
        assert.deepEqual(tickersOf(late.body), ['ACME', 'COAL']);
        assert.equal((await ada.all()).watchlists.length, 1);
    });
});

describe('others', () => {
    it('find a watchlist of somebody else as little as one that there is not', async () => {
        const [ada, bob] = [await someone(), await someone()];
        const { id } = await ada.make('Private', ['ACME']);
        for (const [method, path, body] of [['GET', ''], ['PATCH', '', { name: 'Mine' }], ['PATCH', '', { symbols: ['ZINC'] }],
            ['DELETE', ''], ['POST', '/symbols', { ticker: 'ZINC' }], ['POST', '/symbols', { ticker: 'NOSUCH' }],
            ['DELETE', '/symbols/ACME']])
            for (const one of [id, randomUUID()])
                refused(await bob.send(method, `/${one}${path}`, body), 404, 'WATCHLIST_NOT_FOUND');
        assert.equal((await ada.get(id)).name, 'Private');
        assert.deepEqual((await bob.all()).watchlists.map(list => list.name), ['My watchlist']);
    });

    it('are API keys too: one that reads changes nothing, one for a portfolio sees none', async () => {
        const ada = await someone();
        const { id } = await ada.make('Keyed', ['ACME']);
        const keyOf = async body => headersOf(await platform.expect(201, 'POST', '/api/v1/api-keys', { token: ada.token, body }));
        const reader = await keyOf({ name: 'reader', scope: 'read' });
        const trader = await keyOf({ name: 'trader', scope: 'trade' });
        const narrow = await keyOf({ name: 'narrow', scope: 'trade', portfolio_id: ada.portfolio });
        const send = (headers, method, path, body) => platform.request(method, lists + path, { headers, body });
        assert.equal((await send(reader, 'GET', `/${id}`)).status, 200);
        refused(await send(reader, 'POST', `/${id}/symbols`, { ticker: 'ZINC' }), 403, 'INSUFFICIENT_SCOPE');
        assert.equal((await send(trader, 'POST', `/${id}/symbols`, { ticker: 'ZINC' })).status, 200);
        assert.deepEqual((await send(narrow, 'GET', '')).body.watchlists, []);
        refused(await send(narrow, 'GET', `/${id}`), 404, 'WATCHLIST_NOT_FOUND');
        refused(await send(narrow, 'POST', `/${id}/symbols`, { ticker: 'BOLT' }), 404, 'WATCHLIST_NOT_FOUND');
        refused(await send(narrow, 'POST', '', { name: 'Narrow' }), 403, 'INSUFFICIENT_SCOPE');
        assert.deepEqual(tickersOf(await ada.get(id)), ['ACME', 'ZINC']);
    });
});
