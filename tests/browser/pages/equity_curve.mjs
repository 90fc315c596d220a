// SPDX-License-Identifier: MIT
// What a portfolio was worth, on the dashboard and on its own page: with the server's lines, and with a chart in their place.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { until } from '../../support/platform.mjs';
import { assertQuiet, inspect, keep, logIn, open, openLive, violations } from '../browser.mjs';

export const equityCurve = site => describe('what a portfolio was worth', () => {
    let platform, user, state, page;
    const curve = () => page.locator('section:has(#curve)');
    const chosen = () => curve().locator('[aria-current="page"]').innerText();
    const post = (path, body) => platform.expect(201, 'POST', `/api/v1/portfolios/${user.portfolio}${path}`, { token: user.token, body });
    const points = async period => (await platform.expectDays(`/api/v1/portfolios/${user.portfolio}/equity-curve?period=${period}`,
        { token: user.token })).points;

    before(async () => {
        ({ platform } = site);
        user = await platform.trader('curve.reader');
        state = await logIn(site.browser, platform, 'curve.reader', user.password);
        await post('/orders', { ticker: 'TSLA', side: 'buy', quantity: '100' });
    });

    describe('without scripts', () => {
        before(async () => {
            page = await open(site.browser, platform, { state, scripts: false });
        });
        after(async () => {
            assertQuiet(page);
            await page.context().close();
        });

        it('is on the dashboard that of a day, beside what it would be without gains and losses', async () => {
            await page.goto('/dashboard');
            assert.equal(await chosen(), '1 day');
            assert.equal(await curve().locator('polyline').count(), 2);
            assert.match(await curve().locator('.change').innerText(), /^([▲▼]\s*[+−][\d,.]+|0\.00) \([+−]?[\d.]+%\)$/);
            assert.match(await curve().locator('.extremes').innerText(), /Highest [\d,.]+ on \w+ \d+, \d\d:\d\d UTC\s+Lowest [\d,.]+ on /);
        });

        it('is of another period by a link, and a table beside it has the same', async () => {
            await curve().getByRole('link', { name: '1 year' }).click();
            assert.match(page.url(), /\/dashboard\?portfolio=.*period=1Y/);
            assert.equal(await chosen(), '1 year');
            await curve().getByRole('link', { name: 'As a table' }).click();
            assert.equal(await chosen(), '1 year');
            const rows = await page.locator('#curve-points tbody tr').allInnerTexts();
            const told = await points('1Y');
            assert.equal(rows.length, told.length);
            assert.match(rows.at(-1), /100,000\.00\s+0\.00$/); // what it began with
            await curve().getByRole('link', { name: 'Without the table' }).click();
            assert.equal(await page.locator('#curve-points').count(), 0);
        });

        it('is on its own page that of all its time', async () => {
            await page.goto(`/portfolio/${user.portfolio}`);
            assert.equal(await chosen(), 'All');
            assert.equal(await curve().locator('polyline').count(), 2);
            await curve().getByRole('link', { name: '1 week' }).click();
            assert.match(page.url(), new RegExp(`/portfolio/${user.portfolio}\\?.*period=1W`));
            assert.equal(await chosen(), '1 week');
        });

        it('says of more days than it shows that there are more, and shows those of a shorter period', async () => {
            const { id } = await platform.expect(201, 'POST', '/api/v1/portfolios', { token: user.token, body: { name: 'Old', cash_balance: '0' } });
            const add = (first, last) => platform.query(`INSERT INTO portfolio.snapshots SELECT '${id}', day, day + interval '21 hours', false, 1000, 1000, 0, 0, 0, 0,
                false, 0, 0 FROM generate_series(current_date - ${first}, current_date - ${last}, interval '1 day') AS day`);
            await add(2000, 1);
            await page.goto(`/portfolio/${id}?table=true`);
            assert.equal(await page.locator('#curve-points tbody tr').count(), 1000);
            assert.match(await curve().innerText(), /There are more than are shown here; the API has all of them/);
            await add(10000, 2001);
            await page.goto(`/portfolio/${id}`);
            assert.match(await curve().innerText(), /There are more days than can be shown at once/);
            await curve().getByRole('link', { name: '1 day' }).click();
            assert.equal(await curve().locator('polyline').count(), 2);
            await platform.expect(204, 'DELETE', `/api/v1/portfolios/${id}`, { token: user.token });
        });

        it('says that there is no such period', async () => {
            for (const address of ['/dashboard?period=2D', `/portfolio/${user.portfolio}?period=2D`, `/portfolio/${user.portfolio}?periods=1D`])
                assert.ok((await page.goto(address)).status() >= 400, address);
        });
    });

    describe('with scripts', () => {
        before(async () => {
            page = await open(site.browser, platform, { state });
        });
        after(async () => {
            assertQuiet(page);
            await page.context().close();
        });

        const look = address => openLive(page, address, 'follow.js', 'equity.js');
        const shape = () => curve().locator('figure').evaluate(figure => [figure.querySelector('polyline:not(.is-other)').getAttribute('points'),
            figure.dataset.top, figure.dataset.bottom].join());
        const top = async () => Number(await curve().locator('figure').getAttribute('data-top'));

        it('goes with the portfolio, and so does what it has gained; no chart is loaded for who does not look closer', async () => {
            await look('/dashboard');
            // A line that falls to the lowest value so far looks like the one before, in a box that goes deeper.
            const [drawn, gained] = [await shape(), await curve().locator('.change').innerText()];
            await until('another end', async () => await shape() !== drawn && await curve().locator('.change').innerText() !== gained, 40);
            const equity = Number((await page.locator('[data-portfolio] [data-field="total_value"]').innerText()).replaceAll(',', ''));
            assert.ok(Math.abs(equity - 100000) < 20000);
            assert.equal(await page.locator('canvas').count(), 0);
        });

        it('is drawn anew for a value that is beyond it', async () => {
            const before = await top();
            await post('/deposits', { amount: '50000' });
            await until('a higher one', async () => await top() > before + 40000, 40);
            const invested = await curve().locator('polyline.is-other').getAttribute('points');
            assert.notEqual(invested.split(' ')[0].split(',')[1], invested.split(' ').at(-1).split(',')[1], 'what was put in is no gain');
        });

        it('says of what is paid in while somebody looks at it that it is no gain, on a chart in its place, too', async () => {
            const invested = async () => Number(await curve().locator('.change').getAttribute('data-invested'));
            const gain = async () => Math.abs(Number((await curve().locator('.change').innerText()).split('(')[0].replace(/[^\d.]/g, '')));
            for (const isChart of [false, true]) {
                if (isChart) {
                    await curve().locator('svg.chart-line').hover();
                    await page.waitForSelector('.chart-live canvas');
                }
                const before = await invested();
                await post('/withdrawals', { amount: '20000' });
                await until('it to be drawn anew', async () => {
                    assert.ok(await gain() < 5000);
                    return Math.abs(await invested() - before + 20000) < 1;
                }, 40);
            }
            await until('the chart', async () => await page.locator('.chart-live canvas').count() > 0);
        });

        it('stays as the server has drawn it where no chart comes of what is answered', async () => {
            await page.route('**/equity-curve*', route => route.fulfill({ json: {} }));
            await look('/dashboard');
            await curve().locator('svg.chart-line').hover();
            await until('the answer to be looked at', () => page.evaluate(() => performance.getEntriesByType('resource').some(({ name, responseEnd }) =>
                name.includes('/equity-curve') && responseEnd > 0)));
            await page.mouse.move(0, 0);
            await curve().getByRole('button', { name: 'Look closer' }).waitFor({ state: 'attached' });
            assert.equal(await curve().locator('polyline').count(), 2);
            assert.equal(await page.locator('.chart-live').count(), 0);
            await page.unroute('**/equity-curve*');
        });

        it('is of another period without the page being loaded, and the address goes with it', async () => {
            await look('/dashboard');
            await page.evaluate(() => { globalThis.isTheSame = true; });
            await curve().getByRole('link', { name: '1 week' }).click();
            await page.waitForURL('**/dashboard?portfolio=*period=1W*');
            await until('the week', async () => await chosen() === '1 week');
            assert.ok(await page.evaluate(() => globalThis.isTheSame));
            await page.goBack();
            await until('the day', async () => await chosen() === '1 day');
            assert.ok(await page.evaluate(() => globalThis.isTheSame));
        });

        it('is a chart that says what is pointed at for who points at it or asks by keyboard, and moves', async () => {
            await look('/dashboard');
            await curve().locator('svg.chart-line').hover();
            await page.waitForSelector('.chart-live canvas');
            const said = () => curve().locator('.readout').innerText();
            assert.match(await said(), /\d\d:\d\d UTC Equity [\d,.]+ ([+−][\d,.]+|0\.00)/);
            const drawn = () => page.evaluate(() => [...document.querySelectorAll('canvas')].map(canvas => canvas.toDataURL()).join());
            const before = await drawn();
            await until('another curve', async () => await drawn() !== before, 30);
            assert.deepEqual(await violations(page), []);
            await keep(page, 'equity-curve-chart-1440-light', false);
            // Another period comes as a chart, too.
            await curve().getByRole('link', { name: 'All' }).click();
            await until('all', async () => await chosen() === 'All' && await page.locator('.chart-live canvas').count() > 0);
            assert.match(await said(), /^\w+ \d+, \d+ Equity/);

            await look(`/portfolio/${user.portfolio}`);
            await curve().getByRole('button', { name: 'Look closer' }).focus();
            await page.keyboard.press('Enter');
            await page.waitForSelector('.chart-live canvas');
            await page.keyboard.press('Home');
            await until('the first value', async () => /Equity 100,000\.00 0\.00/.test(await said()));
        });

        it('is looked at with a table beside it', async () => {
            await inspect(page, 'equity-curve-table', '/dashboard?period=1W&table=true');
        });
    });
});
