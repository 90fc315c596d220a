// SPDX-License-Identifier: MIT
// What an export says is imported as it was, whatever has become of the portfolio: splits, dividends, copies, new
// beginnings. A dividend or split that the platform knows of too is booked once, whoever comes first; and a file is
// booked wholly and once, whoever dies meanwhile.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, describe, it } from 'node:test';
import { join } from 'node:path';
import { Platform, until } from '../support/platform.mjs';

const days = ['2014-02-03', '2014-02-04', '2014-02-05', '2014-02-06', '2014-02-07', '2014-02-10', '2014-02-11', '2014-02-12', '2014-02-13',
    '2014-02-14', '2014-02-18', '2014-02-19'];
const table = prices => 'Date,Open,High,Low,Close,Volume\n' +
    prices.map((price, day) => `${days[day]},${price},${price},${price},${price},1000000\n`).join('');
const flat = price => days.map(() => price);
const splitAt = (day, before, since) => days.map((_, index) => index < day ? before : since);

let platform, admin, ada;

const at = (day, time = '15:00') => platform.step(`${days[day]}T${time}:00Z`, admin);
const get = (id, path = '') => platform.expect(200, 'GET', `/api/v1/portfolios/${id}${path}`, { token: ada.token });
const post = (id, path, body, status = 201) => platform.expect(status, 'POST', `/api/v1/portfolios/${id}${path}`, { token: ada.token, body });
const open = async (name, cash_balance = '0') => (await platform.expect(201, 'POST', '/api/v1/portfolios', { token: ada.token, body: { name, cash_balance } })).id;
const enter = (ticker, day, terms) => platform.expect(201, 'POST', '/api/v1/corporate-actions', { token: admin,
    body: { ticker, kind: terms.amount === undefined ? 'split' : 'dividend', ex_date: days[day], ...terms } });
const booked = ticker => until(`the actions of ${ticker} to be booked`, async () => {
    const { corporate_actions } = await platform.expect(200, 'GET', `/api/v1/corporate-actions?ticker=${ticker}`);
    return corporate_actions.filter(one => one.in_effect).every(one => one.booked_at !== undefined);
}, 60);
const send = (id, csv, query = '?dry_run=false', headers = {}) => platform.request('POST', `/api/v1/portfolios/${id}/transactions:import${query}`,
    { token: ada.token, raw: csv, headers: { 'content-type': 'text/csv', ...headers } });
const take = async (id, csv, query) => {
    const reply = await send(id, csv, query);
    assert.equal(reply.status, 200, reply.text);
    assert.deepEqual(reply.body.rejected ?? [], []);
    return reply.body;
};
const exported = async (id, query = '') => {
    const reply = await platform.request('GET', `/api/v1/portfolios/${id}/transactions${query}`, { token: ada.token, headers: { accept: 'text/csv' } });
    assert.equal(reply.status, 200, reply.text);
    return reply.text;
};
const file = rows => ['date,kind,symbol,quantity,price,amount,note', ...rows.map(row => row.join(','))].join('\n') + '\n';
const sound = async id => assert.deepEqual(await get(id, '/audit'), { consistent: true, differences: [] });
const moved = async (id, type) => (await get(id, '/transactions?limit=500')).transactions.filter(one => one.type === type);

async function trade(id, side, quantity, ticker) {
    const order = await post(id, '/orders', { ticker, side, quantity });
    assert.equal(order.status, 'filled', JSON.stringify(order));
    await until('the booking', async () => (await get(id, '/transactions')).transactions.some(one => one.order_id === order.id));
}

before(async () => {
    platform = await Platform.start({ isDurable: true });
    admin = await platform.administrator();
    const prices = { FLAT: flat(50), THRE: splitAt(2, 90, 30), REVS: splitAt(3, 5, 20), PAYS: flat(40), ROWS: flat(40), LATE: splitAt(8, 60, 20) };
    for (const [ticker, all] of Object.entries(prices))
        await platform.import(ticker, table(all), admin);
    await platform.expect(200, 'PATCH', '/api/v1/symbols/REVS', { token: admin, body: { fractionable: false } });
    await at(0);
    ada = await platform.trader('ada');
});
after(() => platform?.stop());

describe('an export', () => {
    const without = (rows, ...names) => rows.map(row => Object.fromEntries(Object.entries(row).filter(([name]) => !names.includes(name))));
    // All that is told of a portfolio, but what is its own alone.
    const all = async id => {
        const portfolio = await get(id);
        return {
            cash: portfolio.cash_balance, realized: [portfolio.realized_pl, portfolio.realized_pl_fifo], value: portfolio.total_value,
            positions: (await get(id, '/positions?limit=500')).positions,
            lots: without((await get(id, '/lots?limit=500')).lots, 'opened_by', 'closed_by'),
            average: without((await get(id, '/lots?limit=500&method=average')).lots, 'opened_by', 'closed_by'),
            years: await get(id, '/realized'),
            transactions: without((await get(id, '/transactions?limit=500')).transactions, 'id', 'portfolio_id', 'order_id'),
            performance: await platform.expectDays(`/api/v1/portfolios/${id}/performance`, { token: ada.token }),
            composition: await get(id, '/composition'),
            audit: await get(id, '/audit'),
        };
    };
    let portfolios;

    before(async () => {
        const one = await open('one', '20000');
        await enter('THRE', 2, { numerator: 3, denominator: 1 });
        await enter('REVS', 3, { numerator: 1, denominator: 4 });
        await enter('PAYS', 3, { amount: '0.333333' });
        await trade(one, 'buy', '10.5', 'THRE');
        await trade(one, 'buy', '30', 'REVS');
        await trade(one, 'buy', '7.000000001', 'PAYS');
        await post(one, '/withdrawals', { amount: '1.50', note: '=1+1 "quoted",\r\n\'and\' \u{1F4C8} two lines \t' });
        await post(one, '/deposits', { amount: '2.25', note: "'=not a formula\n" });
        const early = (await post(one, '/clone', { name: 'a copy of before' })).id;
        await at(1);
        await trade(one, 'buy', '2', 'THRE');
        await trade(one, 'sell', '3.25', 'THRE');
        await at(2);
        await booked('THRE');
        await trade(one, 'sell', '20.000000007', 'THRE');
        await at(3);
        await booked('REVS');
        await booked('PAYS');
        await trade(early, 'sell', '1.5', 'THRE');
        const copy = (await post(one, '/clone', { name: 'a copy of after' })).id;
        await at(4);
        await trade(copy, 'sell', '2', 'THRE');
        const anew = (await post(copy, '/clone', { name: 'anew' })).id;
        await trade(anew, 'buy', '3', 'FLAT');
        await post(anew, '/reset', { amount: '5000', note: 'once more' }, 200);
        await trade(anew, 'buy', '4', 'THRE');
        await trade(anew, 'sell', '1', 'THRE');
        await at(5);
        await post(anew, '/reset', {}, 200);
        await trade(anew, 'buy', '5', 'THRE');
        await at(5, '21:30');
        portfolios = { one, early, copy, anew };
    });

    for (const name of ['one', 'early', 'copy', 'anew'])
        it(`of the portfolio "${name}" is imported as it was, by CSV and as the import's own`, async () => {
            const id = portfolios[name];
            const told = await all(id);
            assert.deepEqual(told.audit, { consistent: true, differences: [] });
            const csv = await exported(id);
            const [first, second] = [await open(`${name} 1`), await open(`${name} 2`)];
            const dry = await take(first, csv, '');
            assert.equal(dry.cash_after, told.cash);
            await take(first, csv);
            const imported = await all(first);
            if (name === 'anew') {
                // What it had before is not in it: so much has come with its beginning.
                assert.equal(imported.transactions.at(-1).cash_change, imported.transactions.at(-1).cash_after);
                imported.transactions.at(-1).cash_change = told.transactions.at(-1).cash_change;
            }
            assert.deepEqual(imported, told);
            assert.equal((await take(first, csv)).already_imported, true);
            await take(second, await exported(first));
            const again = await all(second);
            if (name === 'anew')
                again.transactions.at(-1).cash_change = told.transactions.at(-1).cash_change;
            assert.deepEqual(again, told);
        });

    it('with what was before a portfolio began anew is imported with it', async () => {
        const copy = await open('whole');
        const csv = await exported(portfolios.anew, '?before_reset=true');
        await take(copy, csv);
        assert.deepEqual(await all(copy), await all(portfolios.anew));
        const whole = async id => without((await get(id, '/transactions?limit=500&before_reset=true')).transactions, 'id', 'portfolio_id', 'order_id');
        assert.deepEqual(await whole(copy), await whole(portfolios.anew));
        assert.equal((await take(copy, csv)).already_imported, true);
        // Another beginning of its own may take it once more, if its dates are of after that.
        await post(copy, '/reset', {}, 200);
        assert.equal((await send(copy, csv, '')).body.rejected[0].field, 'date');
    });

    it('tells of the copies what their shares were bought as, in JSON too', async () => {
        const [opening] = (await moved(portfolios.early, 'opening')).filter(one => one.ticker === 'THRE');
        assert.deepEqual([opening.cost_basis, opening.lots], ['945.00', [{ quantity: '10.5', cost_basis: '945.00', opened_at: '2014-02-03T15:00:00Z' }]]);
        assert.equal((await moved(portfolios.one, 'buy'))[0].lots?.length ?? 0, 0);
    });

    it('that is not all there is refused with what is missing', async () => {
        const empty = await open('parts');
        const lines = (await exported(portfolios.anew, '?before_reset=true')).split('\r\n');
        const bad = async csv => (await send(empty, csv, '')).body.rejected.map(({ field, rule }) => [field, rule]);
        const withoutReset = lines.filter(line => !/,reset,,/.test(line)).join('\r\n');
        assert.match((await bad(withoutReset))[0][1], /the reset without one of the same date must follow/);
        const csv = await exported(portfolios.early);
        assert.match((await bad(csv.replace(/,10\.5 945\.00 [^,\r]*\r/, ',10.4 945.00 2014-02-03T15:00:00Z\r')))[0][1], /they are of 10\.4/);
        assert.match((await bad(csv.replace('3 for 1', '4 for 1')))[0][1], /changes the shares of THRE by 31\.5, and not by 21/);
        assert.match((await bad(csv.split('\r\n').filter(line => !/,split,THRE/.test(line)).join('\r\n')))[0][1], /that were split at 2014-02-05T14:30:00Z: the file must have that split/);
    });
});

describe('a dividend or split that the file and the platform have', () => {
    const history = [['2014-02-03', 'deposit', '', '', '', 5000, ''], ['2014-02-04', 'buy', 'ROWS', 10, 40, '', ''], ['2014-02-04', 'buy', 'LATE', 10, 60, '', '']];
    const dividend = [days[8], 'dividend', 'ROWS', '', '', 5, ''];
    const split = [days[8], 'split', 'LATE', '', '', '', '3 for 1'];
    let first, second, none, paid;

    before(async () => {
        [first, second, none, paid] = [await open('file first'), await open('platform first'), await open('neither'), await open('paid later')];
        for (const id of [first, second, paid])
            await take(id, file(history));
        await enter('ROWS', 8, { amount: '0.5' });
        await enter('LATE', 8, { numerator: 3, denominator: 1 });
        // trading is not there when they come into effect, so that the file is first.
        await platform.frozen('trading', async () => {
            await at(8);
            const dry = await take(first, file([dividend, split]), '');
            assert.deepEqual([dry.passed_over ?? [], dry.passed_over_count, dry.cash_after], [[], 0, '4005.00']);
            await take(first, file([dividend, split]));
        });
        await booked('ROWS');
        await booked('LATE');
    });

    it('is booked once when the file comes first', async () => {
        assert.deepEqual((await moved(first, 'dividend')).map(one => one.cash_change), ['5.00']);
        assert.deepEqual((await moved(first, 'split')).map(one => one.quantity), ['20']);
        assert.equal((await get(first)).total_value, '5005.00');
        await sound(first);
    });

    it('is booked once when the platform comes first, and the dry run says so', async () => {
        assert.deepEqual((await moved(second, 'dividend')).map(one => one.cash_change), ['5.00']);
        const sale = [days[8] + 'T15:00:00Z', 'sell', 'LATE', 30, 20, '', ''];
        const csv = file([dividend, split, sale]);
        const dry = await take(second, csv, '');
        assert.deepEqual(dry.passed_over.map(({ line, field, rule }) => [line, field, rule]), [
            [2, 'kind', `is booked already: the dividend of ROWS that is in effect since ${days[8]}T14:30:00Z`],
            [3, 'kind', `is booked already: the split of LATE that is in effect since ${days[8]}T14:30:00Z`]]);
        assert.deepEqual([dry.passed_over_count, dry.transactions.map(one => one.line), dry.cash_after], [2, [4], '4605.00']);
        await take(second, csv);
        assert.equal((await take(second, csv)).already_imported, true);
        assert.deepEqual((await moved(second, 'dividend')).map(one => one.cash_change), ['5.00']);
        assert.equal((await moved(second, 'split')).length, 1);
        assert.equal((await get(second)).total_value, '5005.00');
        await sound(second);
    });

    it('is the file\'s alone where the shares come with it later', async () => {
        await take(none, file([...history, dividend, split]));
        assert.deepEqual((await moved(none, 'dividend')).map(one => one.cash_change), ['5.00']);
        assert.equal((await get(none)).total_value, '5005.00');
        await sound(none);
    });

    it('counts once more in a portfolio that has begun anew', async () => {
        await post(second, '/reset', { amount: '100' }, 200);
        const later = await take(second, file([[days[8] + 'T15:00:00Z', 'dividend', 'ROWS', '', '', 7, '']]));
        assert.equal(later.passed_over_count, 0);
        assert.equal((await get(second)).cash_balance, '107.00');
    });

    it('is known by its amount where it is dated by its payment, and said to be alike with another one', async () => {
        await enter('ROWS', 9, { amount: '0.7' });
        await at(11);
        await booked('ROWS');
        const row = (day, price, amount) => [days[day], 'dividend', 'ROWS', '', price, amount, ''];
        const check = async rows => {
            const { passed_over, warnings, warnings_count, cash_after } = await take(paid, file(rows), '');
            assert.equal(warnings_count, warnings.length);
            return [passed_over.map(one => [one.line, one.rule]), warnings.map(one => [one.line, one.rule]), cash_after];
        };
        const known = day => `is booked already: the dividend of ROWS that is in effect since ${days[day]}T14:30:00Z`;
        const alike = amount => `may be the dividend of ROWS in effect since ${days[9]}T14:30:00Z, of which 7.00 are booked: this row's ${amount} are booked as well`;
        // Whichever it is, of the two that are booked, and not the last one alone.
        assert.deepEqual(await check([row(10, '', '5')]), [[[2, known(8)]], [], '4012.00']);
        assert.deepEqual(await check([row(10, '', '5.01')]), [[[2, known(8)]], [], '4012.00']);
        assert.deepEqual(await check([row(10, '', '7'), row(11, '', '5')]), [[[2, known(9)], [3, known(8)]], [], '4012.00']);
        // With a tax taken off, the amount a share still says which it is.
        assert.deepEqual(await check([row(10, '0.5', '4.25')]), [[[2, known(8)]], [], '4012.00']);
        assert.deepEqual(await check([row(10, '', '5.011')]), [[], [[2, alike('5.011')]], '4017.011']);
        assert.deepEqual(await check([row(10, '', '4.25')]), [[], [[2, alike('4.25')]], '4016.25']);
        // One action is one row: what comes after it is another dividend.
        assert.deepEqual(await check([row(10, '', '5'), row(11, '', '5')]), [[[2, known(8)]], [[3, alike('5.00')]], '4017.00']);
        assert.deepEqual(await check([row(8, '', '9'), row(10, '', '5')]), [[[2, known(8)]], [[3, alike('5.00')]], '4017.00']);
        assert.deepEqual(await check([row(10, '', '5'), row(10, '', '7'), row(11, '', '5')]), [[[2, known(8)], [3, known(9)]], [], '4017.00']);
        await take(paid, file([row(10, '', '5')]));
        assert.deepEqual((await moved(paid, 'dividend')).map(one => one.cash_change).sort(), ['5.00', '7.00']);
        assert.equal((await get(paid)).cash_balance, '4012.00');
        await sound(paid);
    });
});

describe('a file that is imported while a service dies', () => {
    const ROWS = 1500;
    const csv = note => file([['2014-02-03', 'deposit', '', '', '', 100000, note], ...Array.from({ length: ROWS - 1 }, (_, row) =>
        ['2014-02-03', row % 3 === 2 ? 'sell' : 'buy', 'FLAT', row % 3 === 2 ? 2 : 1, 50, '', ''])]);
    const expected = { cash: 100000 - Math.ceil((ROWS - 1) / 3) * 50 - Math.ceil((ROWS - 2) / 3) * 50 + Math.floor((ROWS - 1) / 3) * 100, rows: ROWS };
    const repeated = (id, text, headers) => until('the import to be answered', async () => {
        const reply = await send(id, text, '?dry_run=false', headers);
        assert.ok([200, 409, 503, 504].includes(reply.status), `${reply.status} ${reply.text}`);
        return reply.status === 200 && reply.body;
    }, 60);
    const isWhole = async id => {
        const [[rows, cash]] = await platform.query(`SELECT count(*), max(balance_after) FILTER (WHERE seq = (SELECT max(seq) FROM audit.entries
            WHERE portfolio_id = '${id}' AND account = 'cash')) FROM audit.entries WHERE portfolio_id = '${id}' AND account = 'cash'`);
        assert.deepEqual([Number(rows), Number(cash)], [expected.rows, expected.cash]);
        await sound(id);
    };
    const isWholeOrNotThere = async id => {
        const [[rows]] = await platform.query(`SELECT count(*) FROM audit.entries WHERE portfolio_id = '${id}' AND account = 'cash'`);
        assert.ok([0, ROWS].includes(Number(rows)), `${rows} rows of ${ROWS}`);
        return Number(rows);
    };

    it('portfolio: is booked wholly and once, with the same key and without one', async context => {
        const found = [];
        for (const [index, delay] of [0.1, 0.3, 0.5, 0.7, 0.9, 1.1].entries()) {
            const id = await open(`killed ${index}`);
            const text = csv(`file ${index}`);
            const headers = index % 2 === 0 ? { 'idempotency-key': `killed ${index}` } : {};
            const started = Date.now();
            if (index === 0) {
                // How long it takes when nobody dies.
                await take(await open('undisturbed'), text);
                found.push(Date.now() - started);
            }
            const sent = send(id, text, '?dry_run=false', headers);
            const after = Date.now() + found[0] * delay;
            await until('the moment', () => Date.now() >= after);
            await platform.kill('portfolio');
            await sent;
            await until('portfolio', async () => (await platform.request('GET', `/api/v1/portfolios/${id}`, { token: ada.token })).status === 200, 60);
            found.push(await isWholeOrNotThere(id));
            await repeated(id, text, headers);
            await repeated(id, text, headers);
            await isWhole(id);
        }
        context.diagnostic(`undisturbed ${found[0]} ms; rows there after each death: ${found.slice(1)}`);
    });

    it('PostgreSQL: is booked wholly and once', async () => {
        for (const [index, headers] of [{ 'idempotency-key': 'postgres' }, {}].entries()) {
            const id = await open(`database ${index}`);
            const text = csv(`database ${index}`);
            const sent = send(id, text, '?dry_run=false', headers);
            const backend = () => platform.query(`SELECT pid FROM pg_stat_activity WHERE usename = 'bourse_portfolio' AND query LIKE '%INSERT INTO %'
                AND state <> 'idle'`);
            await until('the import to write', async () => (await backend()).length > 0, 20).catch(() => undefined);
            process.kill(Number(readFileSync(join(platform.data, 'postgres', 'postmaster.pid'), 'utf8').split('\n')[0]), 'SIGKILL');
            await sent;
            await platform.bourse('database', 'start');
            await until('portfolio', async () => (await platform.request('GET', `/api/v1/portfolios/${id}`, { token: ada.token })).status === 200, 60);
            await isWholeOrNotThere(id);
            await repeated(id, text, headers);
            await repeated(id, text, headers);
            await isWhole(id);
        }
    });
});
