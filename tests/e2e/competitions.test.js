// SPDX-License-Identifier: MIT
// Competitions as those see them who make them and who take part.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, it } from 'node:test';

import { Platform, toCsv, until } from '../support/platform.mjs';

const bar = (date, close) => ({ date, open: close, high: close, low: close, close, volume: '1000000' });
const headersOf = key => ({ 'APCA-API-KEY-ID': key.id, 'APCA-API-SECRET-KEY': key.secret });
const competitions = '/api/v1/competitions';

let platform;
let admin;
let users = 0;

// A new user, with the calls that the tests make most.
async function someone() {
    users += 1;
    const user = await platform.trader(`player${users}`);
    const { token } = user;
    return {
        ...user,
        get: async path => platform.expect(200, 'GET', path, { token }),
        send: async (method, path, body, headers) => platform.request(method, path, { token, body, headers }),
        join: async (competition, display_name, headers) => platform.request('POST', `${competitions}/${competition.id}/players`,
            { token, body: { display_name }, headers }),
        standings: async (competition, query = '') => platform.expect(200, 'GET', `${competitions}/${competition.id}/standings${query}`, { token }),
        buy: async (portfolio, quantity) => platform.request('POST', `/api/v1/portfolios/${portfolio}/orders`,
            { token, body: { ticker: 'ACME', side: 'buy', quantity } }),
    };
}

const make = async (body = {}) => platform.expect(201, 'POST', competitions, { token: admin,
    body: { name: `Class ${randomUUID()}`, cash: '10000', last_day: '2014-02-07', ...body } });

// Who joins, and the portfolio that they have got.
async function player(competition, name) {
    const user = await someone();
    const reply = await user.join(competition, name);
    assert.equal(reply.status, 201, reply.text);
    return { ...user, competing: reply.body.portfolio_id, displayed: name };
}

function refused(reply, status, reason) {
    assert.equal(reply.status, status, reply.text);
    assert.equal(reply.body.reason, reason, reply.text);
    return reply.body;
}

const settled = async user => until('the order to be booked', async () =>
    (await user.get(`/api/v1/portfolios/${user.competing}/positions`)).positions.length > 0);

before(async () => {
    platform = await Platform.start();
    admin = await platform.administrator();
    await platform.import('ACME', toCsv([bar('2014-02-03', '100'), bar('2014-02-04', '100'), bar('2014-02-05', '110'),
        bar('2014-02-06', '120'), bar('2014-02-07', '90'), bar('2014-02-10', '200'), bar('2014-02-11', '210')]), admin);
    await platform.step('2014-02-03T15:00:00Z', admin);
});
after(() => platform?.stop());

describe('a competition', () => {
    it('is made by administrators alone, who are noted with it', async () => {
        const ada = await someone();
        refused(await ada.send('POST', competitions, { name: 'Mine', last_day: '2014-02-07' }), 403, 'PERMISSION_DENIED');
        const competition = await make({ name: 'Autumn class', description: 'The best of three days' });
        for (const [method, body] of [['PATCH', { name: 'Mine' }], ['DELETE']])
            refused(await ada.send(method, `${competitions}/${competition.id}`, body), 403, 'PERMISSION_DENIED');
        const changed = await platform.expect(200, 'PATCH', `${competitions}/${competition.id}`, { token: admin, body: { name: 'Winter class' } });
        assert.deepEqual([changed.name, changed.description], ['Winter class', 'The best of three days']);
        await platform.expect(204, 'DELETE', `${competitions}/${competition.id}`, { token: admin });
        refused(await ada.send('GET', `${competitions}/${competition.id}`), 404, 'COMPETITION_NOT_FOUND');
        refused(await ada.join(competition, 'Ada'), 404, 'COMPETITION_NOT_FOUND');
        const actions = await until('auth to have the events', async () => {
            const { events } = await platform.expect(200, 'GET', '/api/v1/audit-log?limit=100', { token: admin });
            const found = events.filter(event => event.subject === competition.id);
            return found.length === 3 && found.map(event => event.action);
        });
        assert.deepEqual(actions, ['competition.delete', 'competition.update', 'competition.create']);
    });

    it('begins when trading opens on its first day, or at once, and ends at the close of its last one', async () => {
        const week = await make({ first_day: '2014-02-04', last_day: '2014-02-09' });
        assert.deepEqual([week.starts_at, week.ends_at, week.state], ['2014-02-04T14:30:00Z', '2014-02-07T21:00:00Z', 'upcoming']);
        const today = await make({ last_day: '2014-02-03' });
        assert.deepEqual([today.starts_at, today.ends_at, today.state], ['2014-02-03T15:00:00Z', '2014-02-03T21:00:00Z', 'running']);
    });

    it('has the configured cash unless said, and no more than a portfolio may', async () => {
        assert.equal((await make({ cash: undefined })).cash, '100000.00');
        const reply = await platform.request('POST', competitions, { token: admin,
            body: { name: 'Rich', last_day: '2014-02-07', cash: '1000000000.01' } });
        assert.deepEqual(refused(reply, 422, 'INVALID_REQUEST').errors, [{ field: 'cash', message: 'must be at most 1000000000.00' }]);
    });

    it('is refused with the field and the rule for dates that will not do, and names that cannot be seen', async () => {
        for (const [body, field, rule] of [
            [{ last_day: '2014-01-31' }, 'last_day', /must not be before 2014-02-03/],
            [{ first_day: '2014-01-31' }, 'first_day', /must not be before 2014-02-03/],
            [{ first_day: '2014-02-08', last_day: '2014-02-09' }, 'last_day', /must leave a day of trading/],
            [{ last_day: '2015-02-04' }, 'last_day', /within 366 days/],
            [{ name: ' Class' }, 'name', /blank/],
        ]) {
            const reply = await platform.request('POST', competitions, { token: admin, body: { name: 'Class', last_day: '2014-02-07', ...body } });
            const [{ field: found, message }] = refused(reply, 422, 'INVALID_REQUEST').errors;
            assert.equal(found, field);
            assert.match(message, rule);
        }
    });

    it('is listed for every user, those made last first, page by page', async () => {
        const ada = await someone();
        const [older, newer] = [await make(), await make()];
        const page = await ada.get(`${competitions}?limit=2`);
        assert.deepEqual(new Set(page.competitions.map(one => one.id)), new Set([older.id, newer.id]));
        const seen = [];
        for (let token = ''; token !== undefined;) {
            const { competitions: some, next_page_token } = await ada.get(`${competitions}?limit=3${token && `&page_token=${token}`}`);
            seen.push(...some.map(one => one.id));
            token = next_page_token;
        }
        assert.equal(new Set(seen).size, seen.length);
        assert.ok(seen.includes(older.id) && seen.length >= 5);
    });

    it('is made once by a request that is repeated', async () => {
        const body = { name: 'Once', last_day: '2014-02-07' };
        const headers = { 'idempotency-key': randomUUID() };
        const first = await platform.request('POST', competitions, { token: admin, body, headers });
        const second = await platform.request('POST', competitions, { token: admin, body, headers });
        assert.deepEqual([second.status, second.body.id], [201, first.body.id]);
    });
});

describe('joining', () => {
    it('opens a portfolio of one’s own with the cash, and tells the others no more than the name', async () => {
        const competition = await make({ name: 'Open to all' });
        const ada = await player(competition, 'Ada the Great');
        const portfolio = await ada.get(`/api/v1/portfolios/${ada.competing}`);
        assert.deepEqual([portfolio.name, portfolio.cash_balance, portfolio.competition_id, portfolio.competes_until],
            ['Open to all', '10000.00', competition.id, competition.ends_at]);
        const own = await ada.get(`${competitions}/${competition.id}`);
        assert.deepEqual([own.players, own.display_name, own.portfolio_id], [1, 'Ada the Great', ada.competing]);
        const bob = await someone();
        const others = await bob.get(`${competitions}/${competition.id}`);
        assert.deepEqual([others.players, others.display_name, others.portfolio_id], [1, undefined, undefined]);
        const [seen] = (await bob.standings(competition)).standings;
        assert.deepEqual([seen.display_name, seen.is_own, seen.user_id, seen.portfolio_id], ['Ada the Great', false, undefined, undefined]);
        await platform.expect(404, 'GET', `/api/v1/portfolios/${ada.competing}`, { token: bob.token });
    });

    it('is done once, by a name that nobody else has, however many ask at once', async () => {
        const competition = await make();
        const [ada, bob] = [await someone(), await someone()];
        const headers = { 'idempotency-key': randomUUID() };
        const first = await ada.join(competition, 'Zoë', headers);
        const again = await ada.join(competition, 'Zoë', headers);
        assert.deepEqual([again.status, again.body.portfolio_id], [201, first.body.portfolio_id]);
        refused(await ada.join(competition, 'Other'), 409, 'ALREADY_JOINED');
        for (const name of ['Zoë', 'zoË'])
            assert.deepEqual(refused(await bob.join(competition, name), 409, 'DISPLAY_NAME_TAKEN').errors,
                [{ field: 'display_name', message: 'is taken' }]);
        refused(await bob.join(competition, 'Bob '), 422, 'INVALID_REQUEST');
        const replies = await Promise.all(Array.from({ length: 6 }, (_, i) => bob.join(competition, `Bob ${i}`)));
        assert.equal(replies.filter(reply => reply.status === 201).length, 1);
        assert.equal((await bob.get('/api/v1/portfolios')).portfolios.length, 2);
        assert.equal((await bob.get(`${competitions}/${competition.id}`)).players, 2);
    });

    it('is not for an API key that is for one portfolio, which sees nothing of another one either', async () => {
        const competition = await make();
        const ada = await player(competition, 'Ada');
        const key = await platform.expect(201, 'POST', '/api/v1/api-keys', { token: ada.token,
            body: { name: 'robot', scope: 'trade', portfolio_id: ada.portfolio } });
        const seen = await platform.expect(200, 'GET', `${competitions}/${competition.id}`, { headers: headersOf(key) });
        assert.deepEqual([seen.players, seen.display_name, seen.portfolio_id], [1, undefined, undefined]);
        const { own, standings } = await platform.expect(200, 'GET', `${competitions}/${competition.id}/standings`, { headers: headersOf(key) });
        assert.deepEqual([own?.portfolio_id, standings[0].portfolio_id], [undefined, undefined]);
        const reply = await platform.request('POST', `${competitions}/${(await make()).id}/players`, { headers: headersOf(key), body: { display_name: 'R' } });
        refused(reply, 403, 'INSUFFICIENT_SCOPE');
    });

    it('that was answered stays, and is done once by who repeats it, when the service dies meanwhile', async () => {
        const competition = await make();
        const all = await Promise.all(Array.from({ length: 8 }, someone));
        const join = async (user, i) => (await platform.insist(201, 'POST', `${competitions}/${competition.id}/players`,
            { token: user.token, body: { display_name: `Player ${i}` }, headers: { 'idempotency-key': 'join' } })).portfolio_id;
        const joining = all.map(join);
        await platform.kill('portfolio');
        const portfolios = await Promise.all(joining);
        for (const [i, user] of all.entries()) {
            assert.equal(await join(user, i), portfolios[i]);
            const { portfolios: own } = await user.get('/api/v1/portfolios');
            assert.deepEqual(own.filter(one => one.competition_id === competition.id).map(one => [one.id, one.cash_balance]), [[portfolios[i], '10000.00']]);
            assert.equal((await user.get(`/api/v1/portfolios/${portfolios[i]}/audit`)).consistent, true);
        }
        assert.equal((await all[0].standings(competition)).standings.length, all.length);
    });

    it('takes as many portfolios as a user may have', async () => {
        const ada = await someone();
        await platform.query(`INSERT INTO portfolio.portfolios (id, user_id, name, description, created_at, updated_at, opening_cash)
            SELECT gen_random_uuid(), user_id, name, '', created_at, updated_at, 0 FROM portfolio.portfolios, generate_series(1, 99)
            WHERE id = '${ada.portfolio}'`);
        const competition = await make();
        const problem = refused(await ada.join(competition, 'Ada'), 403, 'LIMIT_EXCEEDED');
        assert.deepEqual([problem.portfolios, problem.maximum], ['100', '100']);
        assert.equal((await ada.get(`${competitions}/${competition.id}`)).players, 0);
    });
});

describe('who takes part', () => {
    it('changes the portfolio by trading alone', async () => {
        const ada = await player(await make(), 'Ada');
        const path = `/api/v1/portfolios/${ada.competing}`;
        for (const [method, sub, body] of [
            ['POST', '/deposits', { amount: '1' }], ['POST', '/withdrawals', { amount: '1' }], ['POST', '/reset', {}],
            ['PATCH', '', { fill_settings: { slippage_bps: '0' } }],
        ])
            assert.equal(refused(await ada.send(method, path + sub, body), 403, 'IN_COMPETITION').ends_at, '2014-02-07T21:00:00Z');
        for (const dry of ['true', 'false'])
            refused(await platform.request('POST', `${path}/transactions:import?dry_run=${dry}`, { token: ada.token,
                headers: { 'content-type': 'text/csv' }, raw: 'date,kind,amount\n2014-02-03,deposit,5\n' }), 403, 'IN_COMPETITION');
        assert.equal((await ada.get(path)).cash_balance, '10000.00');
        assert.equal((await ada.send('PATCH', path, { name: 'My try' })).body.name, 'My try');
        const copy = (await ada.send('POST', `${path}/clone`, {})).body;
        assert.equal(copy.competition_id, undefined);
        assert.equal((await ada.send('POST', `/api/v1/portfolios/${copy.id}/deposits`, { amount: '1' })).status, 201);
    });

    it('is out once the portfolio is closed, and does not come in again', async () => {
        const competition = await make();
        const [ada, bob] = [await player(competition, 'Ada'), await player(competition, 'Bob')];
        await platform.expect(204, 'DELETE', `/api/v1/portfolios/${ada.competing}?force=true`, { token: ada.token });
        assert.deepEqual((await bob.standings(competition)).standings.map(one => one.display_name), ['Bob']);
        const seen = await ada.get(`${competitions}/${competition.id}`);
        assert.deepEqual([seen.players, seen.display_name, seen.portfolio_id], [2, 'Ada', undefined]);
        refused(await ada.join(competition, 'Ada again'), 409, 'ALREADY_JOINED');
    });

    it('has the portfolio as any other once the competition is removed', async () => {
        const competition = await make({ first_day: '2014-02-04' });
        const ada = await player(competition, 'Ada');
        await platform.expect(204, 'DELETE', `${competitions}/${competition.id}`, { token: admin });
        assert.equal((await ada.get(`/api/v1/portfolios/${ada.competing}`)).competition_id, undefined);
        assert.equal((await ada.send('POST', `/api/v1/portfolios/${ada.competing}/deposits`, { amount: '1' })).status, 201);
        assert.equal((await ada.buy(ada.competing, '1')).status, 201);
    });
});

// The clock goes on from here.
describe('from its beginning to its end', () => {
    let competition, late, ada, bob, cleo;

    before(async () => {
        competition = await make({ first_day: '2014-02-04', last_day: '2014-02-06' });
        late = await make({ last_day: '2014-02-06' });
        [ada, bob, cleo] = [await player(competition, 'Ada'), await player(competition, 'Bob'), await player(competition, 'Cleo')];
    });

    const ranks = async (user, query) => (await user.standings(competition, query)).standings
        .map(({ rank, display_name, total_value, return_percent }) => [rank, display_name, total_value, return_percent]);

    it('an order is refused before, and taken from the first open on', async () => {
        const problem = refused(await ada.buy(ada.competing, '10'), 403, 'COMPETITION_NOT_STARTED');
        assert.equal(problem.starts_at, '2014-02-04T14:30:00Z');
        const { orders } = await ada.get(`/api/v1/portfolios/${ada.competing}/orders?status=all`);
        assert.deepEqual(orders.map(order => [order.status, order.reason]), [['rejected', 'COMPETITION_NOT_STARTED']]);
        assert.equal((await ada.buy(ada.portfolio, '1')).status, 201);
        await platform.step('2014-02-04T15:00:00Z', admin);
        assert.equal((await ada.get(`${competitions}/${competition.id}`)).state, 'running');
        assert.equal((await ada.buy(ada.competing, '50')).status, 201);
        assert.equal((await bob.buy(bob.competing, '10')).status, 201);
        await Promise.all([ada, bob].map(settled));
    });

    it('all are ranked by what they have at the latest prices, as their owners see it', async () => {
        assert.deepEqual(new Set((await ranks(cleo)).map(([rank]) => rank)), new Set([1]));
        await platform.step('2014-02-05T15:00:00Z', admin);
        const table = await ranks(cleo);
        assert.deepEqual(table, [[1, 'Ada', '10500.00', '5.00'], [2, 'Bob', '10100.00', '1.00'], [3, 'Cleo', '10000.00', '0.00']]);
        for (const [user, row] of [[ada, 0], [bob, 1], [cleo, 2]])
            assert.equal((await user.get(`/api/v1/portfolios/${user.competing}`)).total_value, table[row][2]);
        const { as_of, is_final, own, competition: same } = await bob.standings(competition);
        assert.deepEqual([as_of, is_final, own.rank, own.display_name, own.portfolio_id, same.state],
            ['2014-02-05T15:00:00Z', false, 2, 'Bob', bob.competing, 'running']);
    });

    it('the standings come in pages, with one’s own in each, and as a table', async () => {
        const page = await cleo.standings(competition, '?limit=2');
        assert.deepEqual([page.standings.map(one => one.display_name), page.own.rank], [['Ada', 'Bob'], 3]);
        const rest = await cleo.standings(competition, `?limit=2&page_token=${page.next_page_token}`);
        assert.deepEqual([rest.standings.map(one => [one.display_name, one.is_own]), rest.next_page_token], [[['Cleo', true]], undefined]);
        refused(await cleo.send('GET', `${competitions}/${competition.id}/standings?page_token=nonsense`), 400, 'INVALID_PAGE_TOKEN');
        const reply = await platform.request('GET', `${competitions}/${competition.id}/standings`, { token: admin, headers: { accept: 'text/csv' } });
        const [heading, first] = reply.text.trim().split('\r\n');
        assert.equal(heading, 'rank,display_name,total_value,return_percent,joined_at,is_own,user_id,portfolio_id');
        assert.equal(first, `1,Ada,10500.00,5.00,2014-02-03T15:00:00Z,false,${(await ada.get('/api/v1/users/me')).id},${ada.competing}`);
    });

    it('they are reckoned once a second however many look, and anew for who has joined', async () => {
        await platform.expect(200, 'PUT', '/api/v1/clock', { token: admin, body: { mode: 'replay', speed: '1' } });
        assert.equal((await cleo.standings(late)).standings.length, 0);
        const dan = await player(late, 'Dan');
        assert.equal((await dan.standings(late)).own.display_name, 'Dan');
        const seen = await Promise.all(Array.from({ length: 20 }, () => dan.standings(late)));
        assert.ok(new Set(seen.map(one => one.as_of)).size <= 2);
        await until('them to be reckoned anew', async () => (await dan.standings(late)).as_of > seen[0].as_of);
        await platform.step('2014-02-05T16:00:00Z', admin);
    });

    it('what all had at the last close stays, whatever they do and prices become afterwards', async () => {
        await platform.step('2014-02-06T15:00:00Z', admin);
        assert.equal((await bob.buy(bob.competing, '5')).status, 201);
        await platform.step('2014-02-07T15:00:00Z', admin);
        const final = await until('the closes to be taken', async () => {
            const found = await ada.standings(competition);
            return found.is_final && found;
        }, 60);
        assert.deepEqual([final.competition.state, final.as_of], ['ended', '2014-02-06T21:00:00Z']);
        const wanted = [[1, 'Ada', '11000.00', '10.00'], [2, 'Bob', '10200.00', '2.00'], [3, 'Cleo', '10000.00', '0.00']];
        assert.deepEqual(await ranks(ada), wanted);
        assert.equal((await cleo.send('POST', `/api/v1/portfolios/${cleo.competing}/deposits`, { amount: '90000' })).status, 201);
        assert.equal((await cleo.buy(cleo.competing, '100')).status, 201);
        await platform.step('2014-02-10T15:00:00Z', admin);
        assert.deepEqual(await ranks(ada), wanted);
        refused(await (await someone()).join(competition, 'Late'), 403, 'COMPETITION_ENDED');
    });
});
