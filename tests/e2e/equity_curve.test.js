// SPDX-License-Identifier: MIT
// What a portfolio was worth, as a curve: between closes and at them, beside what it would be without a gain or a loss.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { Platform, madeUpBars, toCsv, until } from '../support/platform.mjs';

const bars = madeUpBars(31);
const dates = bars.map(bar => bar.date);
const friday = dates.findIndex((date, index) => index > 5 && new Date(date).getUTCDay() === 5);
const saturday = new Date(Date.parse(dates[friday]) + 86400e3).toISOString().slice(0, 10);

describe('the curve of a portfolio', () => {
    let platform, admin, ada;

    before(async () => {
        platform = await Platform.start();
        admin = await platform.administrator();
        await platform.import('AONE', toCsv(bars), admin);
        await at(friday - 3, '15:00:00');
        ada = await platform.trader('ada');
    });
    after(() => platform?.stop());

    const at = (day, time) => platform.step(`${typeof day === 'string' ? day : dates[day]}T${time}Z`, admin);
    const curveOf = async (period, id = ada.portfolio) =>
        (await platform.expectDays(`/api/v1/portfolios/${id}/equity-curve?period=${period}`, { token: ada.token })).points;
    const get = path => platform.expect(200, 'GET', `/api/v1/portfolios/${ada.portfolio}${path}`, { token: ada.token });
    const post = (path, body, id = ada.portfolio) =>
        platform.expect(path === '/reset' ? 200 : 201, 'POST', `/api/v1/portfolios/${id}${path}`, { token: ada.token, body });
    const trade = (side, quantity) => post('/orders', { ticker: 'AONE', side, quantity });
    const measured = time => until(`a point at ${time}`, async () => (await get('/equity')).points.find(point => Date.parse(point.at) === Date.parse(time)));
    const told = points => points.map(({ at: time, equity, invested }) => [time.slice(0, 16), equity, invested]);
    const isSorted = points => points.every((point, index) => index === 0 || Date.parse(point.at) > Date.parse(points[index - 1].at));

    it('begins with what the portfolio was opened with', async () => {
        const [opened, more] = await curveOf('1D');
        assert.deepEqual([opened.equity, opened.invested, more], ['100000.00', '100000.00', undefined]);
        await at(friday - 3, '15:30:00');
        for (const period of ['1D', '1W', 'ALL'])
            assert.deepEqual(told(await curveOf(period)), [[opened.at.slice(0, 16), '100000.00', '100000.00'],
                [`${dates[friday - 3]}T15:30`, '100000.00', '100000.00']], period);
    });

    it('goes over what was measured while the session is on to what the portfolio is worth now', async () => {
        await trade('buy', '500');
        await at(friday - 3, '16:00:00');
        await measured(`${dates[friday - 3]}T16:00:00Z`);
        await at(friday - 3, '16:02:00');
        await post('/deposits', { amount: '5000' });
        await at(friday - 3, '17:05:00');
        await measured(`${dates[friday - 3]}T17:05:00Z`);
        await at(friday - 3, '17:06:00');
        const curve = await curveOf('1D');
        const points = (await get('/equity')).points;
        assert.ok(isSorted(curve));
        assert.deepEqual(curve.slice(1, -1).map(({ at: time, equity }) => [time, equity]), points.map(({ at: time, equity }) => [time, equity]));
        assert.equal(curve.at(-1).equity, (await get('')).total_value);
        for (const { at: time, invested } of curve)
            assert.equal(invested, Date.parse(time) < Date.parse(`${dates[friday - 3]}T16:02:00Z`) ? '100000.00' : '105000.00', time);
        // Of a week one an hour.
        assert.deepEqual((await curveOf('1W')).slice(1, -1).map(point => point.at), points.map(point => point.at).filter(time => time.includes(':00:00')));
    });

    it('leaves out what was measured before something that was put in at the same time', async () => {
        await at(friday - 3, '17:10:00');
        await measured(`${dates[friday - 3]}T17:10:00Z`);
        await post('/deposits', { amount: '9000' });
        await post('/withdrawals', { amount: '8000' });
        await at(friday - 3, '17:15:00');
        await measured(`${dates[friday - 3]}T17:15:00Z`);
        await at(friday - 3, '17:16:00');
        const curve = await curveOf('1D');
        assert.deepEqual(curve.slice(-3).map(point => point.at.slice(11, 16)), ['17:05', '17:15', '17:16']);
        assert.deepEqual(curve.slice(-3).map(point => point.invested), ['105000.00', '106000.00', '106000.00']);
        assert.ok(curve.every(({ equity, invested }) => Math.abs(equity - invested) < 500), 'no money that was put in is a gain');
        await post('/withdrawals', { amount: '1000' });
    });

    it('begins on a later day at the close before, with what it was worth then', async () => {
        await at(friday - 2, '15:00:00');
        const { snapshots: [snapshot] } = await platform.expectDays(`/api/v1/portfolios/${ada.portfolio}/snapshots`, { token: ada.token });
        const [first, ...others] = await curveOf('1D');
        assert.deepEqual(first, { at: snapshot.closed_at, equity: snapshot.equity, invested: snapshot.equity });
        const last = others.at(-1);
        const { total_value: worth, day_change: change } = await get('');
        assert.equal(last.equity, worth);
        // So what it has gained is what the day is said to have brought.
        assert.equal((Number(last.equity) - Number(last.invested)).toFixed(2), Number(change).toFixed(2));
        assert.equal((await curveOf('ALL')).at(-1).invested, '105000.00');
    });

    it('has the closes of a longer period, and goes with the days of the performance', async () => {
        await at(friday, '15:00:00');
        const { series } = await platform.expectDays(`/api/v1/portfolios/${ada.portfolio}/performance`, { token: ada.token });
        const [opened, ...closes] = await curveOf('ALL');
        assert.deepEqual([opened.equity, opened.invested], ['100000.00', '100000.00']);
        assert.deepEqual(closes.map(point => [point.at.slice(0, 10), point.equity, point.invested]),
            series.map(day => [day.date, day.equity, day.invested]));
        for (const period of ['1M', '3M', 'YTD', '1Y'])
            assert.deepEqual(await curveOf(period), await curveOf('ALL'), period);
    });

    it('is on a weekend that of the last session, and what is put in meanwhile is no gain', async () => {
        await at(saturday, '12:00:00');
        const before = await curveOf('1D');
        assert.deepEqual(before.map(point => point.at.slice(0, 10)).filter((day, index, all) => all.indexOf(day) === index), [dates[friday - 1], dates[friday]]);
        await post('/deposits', { amount: '1000' });
        const after = await curveOf('1D');
        assert.deepEqual(after.slice(0, before.length), before);
        const [last] = after.slice(before.length);
        assert.equal(last.at.slice(0, 10), saturday);
        for (const name of ['equity', 'invested'])
            assert.equal(Number(last[name]) - Number(before.at(-1)[name]), 1000, name);
    });

    it('is of a copy what it has been since its first close, as it came with shares', async () => {
        const { id } = await post('/clone', { name: 'A copy' });
        assert.equal((await curveOf('1D', id)).length, 1);
        await at(friday + 1, '15:00:00');
        await trade('sell', '1');
        const curve = await curveOf('ALL', id);
        assert.ok(isSorted(curve));
        assert.equal(curve.at(0).equity, curve.at(0).invested);
    });

    it('has nothing that was measured without what an import books as of then', async () => {
        const { id } = await post('/clone', { name: 'Imports' });
        const of = path => platform.expect(200, 'GET', `/api/v1/portfolios/${id}${path}`, { token: ada.token });
        for (const time of ['15:10:00', '15:20:00']) {
            await at(friday + 1, time);
            await until(`a point at ${time}`, async () => (await of('/equity')).points.some(point => point.at.includes(`T${time}`)));
        }
        const file = `date,kind,symbol,quantity,price,fee,amount\n${dates[friday + 1]}T15:15:00Z,sell,AONE,100,50,,\n`;
        const reply = await platform.request('POST', `/api/v1/portfolios/${id}/transactions:import?dry_run=false`,
            { token: ada.token, raw: file, headers: { 'content-type': 'text/csv' } });
        assert.equal(reply.status, 200, reply.text);
        assert.deepEqual(reply.body.rejected, []);
        assert.deepEqual((await of('/equity')).points.map(point => point.at.slice(11, 16)), ['15:10']);
    });

    it('begins anew with a portfolio that is reset', async () => {
        await at(friday + 1, '16:00:00');
        await trade('sell', '499');
        await post('/reset', { amount: '7000' });
        await at(friday + 1, '16:10:00');
        await trade('buy', '10');
        await at(friday + 1, '16:30:00');
        await measured(`${dates[friday + 1]}T16:30:00Z`);
        await at(friday + 1, '16:31:00');
        const curve = await curveOf('1D');
        assert.deepEqual(told(curve.slice(0, 1)), [[`${dates[friday + 1]}T16:00`, '7000.00', '7000.00']]);
        assert.ok(curve.length >= 3);
        assert.ok(curve.every(point => point.invested === '7000.00'));
        assert.deepEqual((await curveOf('ALL')).length, 2);
    });

    it('is a table for who asks for one, and refuses a period that there is not', async () => {
        const reply = await platform.request('GET', `/api/v1/portfolios/${ada.portfolio}/equity-curve?period=1D`,
            { token: ada.token, headers: { accept: 'text/csv' } });
        assert.equal(reply.status, 200);
        const lines = reply.text.trim().split(/\r?\n/);
        assert.equal(lines[0], 'at,equity,invested');
        assert.equal(lines.length, 1 + (await curveOf('1D')).length);
        const refused = await platform.expect(422, 'GET', `/api/v1/portfolios/${ada.portfolio}/equity-curve?period=2D`, { token: ada.token });
        assert.equal(refused.errors[0].field, 'period');
    });

    it('is of 9,999 days at most; more are refused, and a period of fewer is told', async () => {
        const { id } = await platform.expect(201, 'POST', '/api/v1/portfolios', { token: ada.token, body: { name: 'Old', cash_balance: '1000' } });
        const address = period => `/api/v1/portfolios/${id}/equity-curve?period=${period}`;
        // So many days up to the last close, of which it was not there.
        const add = (first, last) => platform.query(`INSERT INTO portfolio.snapshots SELECT '${id}', day, day + interval '21 hours', false, 1000, 1000, 0, 0, 0, 0,
            false, 0, 0 FROM generate_series(date '${dates[friday]}' - ${first}, date '${dates[friday]}' - ${last}, interval '1 day') AS day`);
        await add(9998, 0);
        assert.equal((await curveOf('ALL', id)).length, 10000); // and now
        await add(9999, 9999);
        const refused = await platform.expect(403, 'GET', address('ALL'), { token: ada.token });
        assert.deepEqual([refused.reason, refused.detail], ['LIMIT_EXCEEDED', 'These are more than 9999 days: ask for a shorter time.']);
        assert.ok((await curveOf('1Y', id)).length >= 1);
    });
});
