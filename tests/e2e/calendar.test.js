// SPDX-License-Identifier: MIT
// The calendar and the clock's session, beside a list of holidays that is not ours.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import nyseHolidays from 'nyse-holidays';
import { Platform } from '../support/platform.mjs';

const FIRST_YEAR = 1990;
const LAST_YEAR = 2100;

// Closures and early closes that no rule gives, as the exchange announced them.
const specialClosures = ['1994-04-27', '2001-09-11', '2001-09-12', '2001-09-13', '2001-09-14', '2004-06-11',
    '2007-01-02', '2012-10-29', '2012-10-30', '2018-12-05', '2025-01-09'];
// That package begins Martin Luther King's day and Juneteenth with the years in which the exchange did.
const ourNames = { 'New Years Day': "New Year's Day" };

const weekdaysOf = year => {
    const days = [];
    for (let day = new Date(Date.UTC(year, 0, 1)); day.getUTCFullYear() === year; day.setUTCDate(day.getUTCDate() + 1))
        if (![0, 6].includes(day.getUTCDay()))
            days.push(day.toISOString().slice(0, 10));
    return days;
};

describe('the calendar', () => {
    let platform, admin;

    const calendar = query => platform.expect(200, 'GET', `/api/v1/calendar${query}`);
    const refused = async (query, pattern) => {
        const reply = await platform.request('GET', `/api/v1/calendar${query}`);
        assert.equal(reply.status, 422, reply.text);
        assert.match(reply.text, pattern);
    };

    before(async () => {
        platform = await Platform.start();
        admin = await platform.administrator();
    });
    after(() => platform?.stop());

    it('has the holidays of nyse-holidays in every year from 1990 to 2100, and the special closures', async () => {
        for (let year = FIRST_YEAR; year <= LAST_YEAR; year++) {
            const { sessions, holidays } = await calendar(`?start=${year}-01-01&end=${year}-12-31`);
            const expected = [
                ...nyseHolidays.getHolidays(year).map(one =>
                    ({ date: one.dateString, name: ourNames[one.name] ?? one.name })),
            ].sort((one, other) => one.date < other.date ? -1 : 1);
            const special = specialClosures.filter(date => date.startsWith(`${year}-`));
            assert.deepEqual(holidays.filter(one => !special.includes(one.date)), expected, String(year));
            assert.deepEqual(holidays.map(one => one.date).filter(date => special.includes(date)), special);
            // Every weekday is one or the other.
            const all = [...sessions, ...holidays].map(one => one.date).sort();
            assert.deepEqual(all, weekdaysOf(year), String(year));
        }
    });

    it('says the times of a day in winter, in summer and of an early close', async () => {
        const { sessions } = await calendar('?start=2014-07-02&end=2014-07-03');
        assert.deepEqual(sessions, [{
            date: '2014-07-02', open: '2014-07-02T13:30:00Z', close: '2014-07-02T20:00:00Z', is_early_close: false,
            pre_market_open: '2014-07-02T08:00:00Z', after_hours_close: '2014-07-03T00:00:00Z',
        }, {
            date: '2014-07-03', open: '2014-07-03T13:30:00Z', close: '2014-07-03T17:00:00Z', is_early_close: true,
            pre_market_open: '2014-07-03T08:00:00Z', after_hours_close: '2014-07-03T21:00:00Z',
        }]);
        const winter = await calendar('?start=2014-01-02&end=2014-01-02');
        assert.equal(winter.sessions[0].open, '2014-01-02T14:30:00Z');
        assert.equal(winter.sessions[0].after_hours_close, '2014-01-03T01:00:00Z');
    });

    it('has the early closes of known years', async () => {
        const early = async year => (await calendar(`?start=${year}-01-01&end=${year}-12-31`)).sessions
            .filter(one => one.is_early_close).map(one => one.date);
        assert.deepEqual(await early(2014), ['2014-07-03', '2014-11-28', '2014-12-24']);
        assert.deepEqual(await early(2019), ['2019-07-03', '2019-11-29', '2019-12-24']);
        assert.deepEqual(await early(2020), ['2020-11-27', '2020-12-24']);
        assert.deepEqual(await early(2021), ['2021-11-26']);
        assert.deepEqual(await early(2024), ['2024-07-03', '2024-11-29', '2024-12-24']);
        assert.deepEqual(await early(2025), ['2025-07-03', '2025-11-28', '2025-12-24']);
    });

    it('is of a year from the first of the present month unless said, and of a year from one end', async () => {
        await platform.step('2014-06-16T15:00:00Z', admin);
        const whole = await calendar('');
        assert.deepEqual([whole.start, whole.end], ['2014-06-01', '2015-05-31']);
        const from = await calendar('?start=2016-02-29');
        assert.deepEqual([from.start, from.end], ['2016-02-29', '2017-02-28']);
        const until = await calendar('?end=2016-12-31');
        assert.deepEqual([until.start, until.end], ['2016-01-01', '2016-12-31']);
        assert.equal((await calendar('?start=2100-06-01')).end, '2100-12-31');
    });

    it('refuses more than 366 days, and days that are none or not known', async () => {
        assert.equal((await calendar('?start=2016-01-01&end=2016-12-31')).sessions.length, 252);
        await refused('?start=2016-01-01&end=2017-01-01', /"end".*367.*366/);
        await refused('?start=2016-01-02&end=2016-01-01', /before start/);
        await refused('?start=1989-12-31', /1990-01-01/);
        await refused('?end=2101-01-01', /2100-12-31/);
        await refused('?start=2014-02-30', /"start"/);
        await refused('?from=2014-02-03', /"from"/);
    });

    it('is the clock\'s: closed, pre-market, regular and after hours follow each other', async () => {
        for (const [at, session] of [
            ['2014-11-26T08:59:59Z', 'closed'], ['2014-11-26T09:00:00Z', 'pre_market'],
            ['2014-11-26T14:30:00Z', 'regular'], ['2014-11-26T21:00:00Z', 'after_hours'],
            ['2014-11-27T01:00:00Z', 'closed'], ['2014-11-27T15:00:00Z', 'closed'],
            ['2014-11-28T17:59:59Z', 'regular'], ['2014-11-28T18:00:00Z', 'after_hours'],
            ['2014-11-28T22:00:00Z', 'closed']]) {
            assert.equal((await platform.step(at, admin)).session, session, at);
            const clock = await platform.expect(200, 'GET', '/api/v1/clock');
            assert.equal(clock.session, session, at);
            assert.equal(clock.is_open, session === 'regular', at);
        }
    });
});
