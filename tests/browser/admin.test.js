// SPDX-License-Identifier: MIT
// The administrators' pages in Chromium: each flow without scripts, what scripts add to it, every page in both widths
// and themes, and that nobody else gets to see or do any of it.
import assert from 'node:assert/strict';
import { request } from 'node:http';
import { after, before, describe, it } from 'node:test';
import { setCookies } from '../support/cookies.mjs';
import { madeUpBars, Platform, toCsv, until } from '../support/platform.mjs';
import { assertQuiet, flash, inspect, launch, logIn, NASTY, open, program, submit } from './browser.mjs';

const PASSWORD = 'correct horse battery';
const NOBODY = '0195d3a0-0000-7000-8000-000000000001';

const csv = (name, text) => ({ name, mimeType: 'text/csv', buffer: Buffer.from(text) });

describe('the pages of administrators', { skip: program ? false : 'there is no Chromium' }, () => {
    let platform, browser, admin, ada, state, page;

    before(async () => {
        platform = await Platform.start();
        browser = await launch();
        admin = await platform.administrator();
        for (const [ticker, seed] of [['AAPL', 1], ['KO', 2]])
            await platform.import(ticker, toCsv(madeUpBars(seed)), admin);
        await platform.step('2014-04-01T15:00:00Z', admin);
        ada = await platform.trader('ada');
        state = await logIn(browser, platform, 'admin', platform.password);
    });
    after(async () => {
        await browser?.close();
        await platform?.stop();
    });

    const get = path => platform.expect(200, 'GET', path, { token: admin });
    const userId = async name => (await get(`/api/v1/users/${name}`)).id;
    const place = body => platform.expect(201, 'POST', `/api/v1/portfolios/${ada.portfolio}/orders`, { token: ada.token, body });
    // What happens to a task that fails time and again for a reason of its own, without the twenty attempts.
    const fail = id => platform.query(`UPDATE trading.tasks SET state = 'failed', error = '${NASTY.replaceAll('\'', '')}',
        attempts = 20, finished_at = now() WHERE id = '${id}'`);

    describe('without scripts', () => {
        before(async () => {
            page = await open(browser, platform, { scripts: false, state });
        });
        after(async () => {
            assertQuiet(page);
            await page.context().close();
        });

        it('are in the navigation of administrators, and tell whether everything runs', async () => {
            await page.goto('/dashboard');
            await page.getByRole('link', { name: 'Admin', exact: true }).click();
            await page.waitForURL('**/admin');
            assert.match(await page.locator('main').innerText(), /All services answer/);
            assert.match(await page.locator('.figures').innerText(), /Symbols with a price\s+2\s/);
            const { users, active, administrators, sessions } = await get('/api/v1/users:count');
            assert.deepEqual([users, active, administrators], [2, 2, 1]);
            assert.ok(sessions >= 3);
            assert.match(await page.locator('.figures').innerText(), /Users\s+2\s+\d+ sessions/);
            for (const service of ['auth', 'market', 'portfolio', 'trading'])
                assert.match(await page.locator('main').innerText(), new RegExp(`${service}\\s+Ready`));
        });

        it('make a user without a password, find, change, shut out and end the account', async () => {
            await page.goto('/admin/users');
            await page.fill('#new-username', 'bob');
            await page.fill('#new-email', 'nowhere');
            // The browser's own check of addresses is not what is tried here.
            await page.locator('form[action="/admin/users"][method="post"]').evaluate(form => { form.noValidate = true; });
            await submit(page, 'Make the user');
            assert.match(await page.locator('#new-email-problem').innerText(), /address/);
            assert.equal(await page.inputValue('#new-username'), 'bob');
            await page.fill('#new-email', 'bob@example.org');
            await page.fill('#new-first_name', NASTY.slice(0, 90));
            await page.fill('#new-balance', '777');
            await submit(page, 'Make the user');
            assert.match(await flash(page), /bob is there\. Nobody can log in/);
            await until('the cash', async () => {
                await page.reload();
                return /777\.00/.test(await page.locator('.figures').innerText());
            });
            assert.ok((await page.locator('.page-head').innerText()).includes(NASTY.slice(0, 90)));

            await page.goto('/admin/users');
            await page.fill('#filter-q', 'BOB@');
            await submit(page, 'Find');
            assert.equal(await page.locator('tbody tr').count(), 1);
            await page.getByRole('link', { name: 'bob', exact: true }).click();
            await page.waitForURL('**/admin/users/*-*');
            await page.fill('#account-new_password', 'password1');
            await submit(page, 'Set the password');
            assert.match(await page.locator('#account-new_password-problem').innerText(), /tried first/);
            await page.fill('#account-new_password', PASSWORD);
            await submit(page, 'Set the password');
            assert.match(await flash(page), /password was set/);
            await platform.login('bob', PASSWORD);
            await page.getByRole('button', { name: 'Make an administrator' }).click();
            assert.match(await page.locator('#other-role').innerText(), /change what belongs to everybody/);
            await page.getByRole('button', { name: 'Do not' }).click();
            assert.equal((await get('/api/v1/users/bob')).role, 'user');
            await page.getByRole('button', { name: 'Make an administrator' }).click();
            await submit(page, 'Make bob an administrator');
            assert.match(await flash(page), /bob is an administrator/);
            await page.getByRole('button', { name: 'Make an ordinary user' }).click();
            assert.match(await page.locator('#other-role').innerText(), /ends the sessions of bob/);
            await submit(page, 'Make bob an ordinary user');
            const token = await platform.login('bob', PASSWORD);
            await submit(page, 'End all sessions');
            await until('the session to end', async () => (await platform.request('GET', '/api/v1/users/me', { token })).status === 401);
            await page.getByRole('button', { name: 'Shut out' }).click();
            await page.getByRole('button', { name: 'Do not' }).click();
            await platform.login('bob', PASSWORD);
            await page.getByRole('button', { name: 'Shut out' }).click();
            await submit(page, 'Shut bob out');
            assert.match(await flash(page), /bob is shut out/);
            await platform.expect(401, 'POST', '/api/v1/auth/login', { body: { username: 'bob', password: PASSWORD } });
            await submit(page, 'Let in again');
            await platform.login('bob', PASSWORD);
            await page.getByText('End the account', { exact: true }).click();
            await submit(page, 'End the account of bob');
            assert.match(await flash(page), /account has ended/);
            await page.goto('/admin/users?is_active=false');
            assert.match(await page.locator('tbody').innerText(), /Ended/);
        });

        it('show whose portfolio it is, when it is not their own', async () => {
            await page.goto(`/admin/users/${await userId('ada')}`);
            await page.locator('section:has(#portfolios) tbody a').first().click();
            await page.waitForURL(`**/portfolio/${ada.portfolio}`);
            const notice = page.locator('.notice');
            assert.equal(await notice.innerText(), 'This belongs to ada.');
            assert.equal(await page.getByRole('link', { name: 'Orders', exact: true }).and(page.locator('main a')).count(), 0);
            for (const part of ['performance', 'transactions', 'import']) {
                assert.equal((await page.goto(`/portfolio/${ada.portfolio}/${part}`)).status(), 200);
                assert.equal(await notice.innerText(), 'This belongs to ada.', part);
            }
            await notice.getByRole('link', { name: 'ada' }).click();
            await page.waitForURL(`**/admin/users/${await userId('ada')}`);
            const orders = await platform.expect(201, 'POST', `/api/v1/portfolios/${ada.portfolio}/orders`,
                { token: ada.token, body: { ticker: 'AAPL', side: 'buy', quantity: '1' } });
            await page.goto(`/orders/${orders.id}`);
            assert.equal(await notice.innerText(), 'This belongs to ada.');
            assert.equal(await page.getByRole('link', { name: 'All orders' }).count(), 0);
            await page.goto(`/portfolio/${ada.portfolio}`);
            assert.equal(await page.getByRole('button', { name: 'Close AAPL' }).count(), 0);
            await page.goto('/portfolio');
            await page.locator('main a[href^="/portfolio/"]').first().click();
            await page.waitForURL('**/portfolio/*-*');
            assert.equal(await notice.count(), 0);
        });

        it('leave their own account to the settings, and the last administrator is kept', async () => {
            await page.goto(`/admin/users/${await userId('admin')}`);
            assert.match(await page.locator('main').innerText(), /This is you/);
            assert.equal(await page.getByRole('button', { name: 'Shut out' }).count(), 0);
        });

        it('halt one user\'s trading and let it go on', async () => {
            await page.goto(`/admin/users/${await userId('ada')}`);
            await page.fill('#halt-note', NASTY);
            await submit(page, 'Halt trading');
            assert.match(await flash(page), /halted for this user/);
            assert.ok((await page.locator('main').innerText()).includes(NASTY));
            const { body } = await platform.request('POST', `/api/v1/portfolios/${ada.portfolio}/orders`,
                { token: ada.token, body: { ticker: 'AAPL', side: 'buy', quantity: '1' } });
            assert.equal(body.reason, 'TRADING_HALTED');
            await submit(page, 'Let trading go on');
            assert.match(await flash(page), /may trade again/);
            const resumed = await until('the event', async () => {
                await page.goto('/admin/audit?action=trading.resume');
                const rows = page.locator('tbody tr');
                return await rows.count() > 0 && rows.first();
            });
            await resumed.locator('[data-label="To what"]').getByRole('link', { name: 'ada', exact: true }).click();
            await page.waitForURL(`**/admin/users/${ada.id ?? await userId('ada')}`);
            await place({ ticker: 'AAPL', side: 'buy', quantity: '1' });
        });

        it('add a symbol, change it, stop trading it, and enter what splits it', async () => {
            await page.goto('/admin/symbols');
            await page.fill('#new-ticker', 'acme');
            await page.fill('#new-name', NASTY);
            await page.fill('#new-sector', '<i>Y</i>');
            await page.selectOption('#new-fractionable', 'false');
            await submit(page, 'Add the symbol');
            assert.match(await flash(page), /ACME is there/);
            assert.equal(await page.inputValue('#edit-name'), NASTY);
            assert.equal(await page.inputValue('#edit-sector'), '<i>Y</i>');
            assert.equal(await page.inputValue('#edit-fractionable'), 'false');
            await page.fill('#edit-name', 'Acme Corporation');
            await page.fill('#edit-sector', '');
            await submit(page, 'Save');
            assert.match(await flash(page), /ACME was changed/);
            const symbol = await get('/api/v1/symbols/ACME');
            assert.equal(symbol.name, 'Acme Corporation');
            assert.equal(symbol.sector ?? '', '');
            assert.equal(symbol.fractionable, false);
            await submit(page, 'Stop trading it');
            assert.match(await flash(page), /not traded any more/);
            assert.equal((await get('/api/v1/symbols/ACME')).status, 'inactive');
            await submit(page, 'Trade it again');
            await page.fill('#action-ex_date', '2014-06-09');
            await page.fill('#action-numerator', 'seven');
            await submit(page, 'Enter it');
            assert.ok(await page.locator('#action-numerator-problem').count());
            assert.equal(await page.inputValue('#action-ex_date'), '2014-06-09');
            await page.fill('#action-numerator', '7');
            await page.fill('#action-denominator', '1');
            await submit(page, 'Enter it');
            assert.match(await flash(page), /open of 2014-06-09/);
            assert.match(await page.locator('tbody').innerText(), /Split, 7 for 1\s+To come/);
            const remove = page.getByRole('button', { name: 'Remove the one of 2014-06-09' });
            await remove.click();
            assert.match(await page.locator('form[popover]:visible').innerText(), /removes the split of 2014-06-09/);
            await page.getByRole('button', { name: 'Do not' }).click();
            assert.equal((await get('/api/v1/corporate-actions?ticker=ACME')).corporate_actions.length, 1);
            await remove.click();
            await submit(page, 'Remove the split');
            assert.match(await flash(page), /was removed/);
            await page.getByText('Remove it', { exact: true }).click();
            await submit(page, 'Remove ACME');
            await platform.expect(404, 'GET', '/api/v1/symbols/ACME');
            await page.goto('/admin/symbols?q=ko&status=active');
            assert.equal(await page.getByRole('link', { name: 'KO', exact: true }).count(), 1);
            await page.goto('/admin/symbols');
            await page.fill('#new-ticker', 'KO');
            await page.fill('#new-name', 'Again');
            await submit(page, 'Add the symbol');
            assert.match(await page.locator('.form-problem').innerText(), /there already/);
            assert.equal(await page.inputValue('#new-name'), 'Again');
        });

        it('take a file of prices, tell what was left out, and a second click is the same import', async () => {
            const text = 'Date,Open,High,Low,Close,Volume\n2014-05-01,10,12,9,11,100\n<b>nodate</b>,1,1,1,1,1\n2014-05-02,11,12,10,12,200\n';
            await page.goto('/admin/imports');
            assert.match(await page.locator('main').innerText(), /Up to 64 GiB a file/);
            assert.equal(await page.locator('.notice').count(), 0);
            await page.fill('#prices-ticker', 'SENT');
            await page.setInputFiles('#prices-file', csv('"><img src=x>.csv', text));
            await submit(page, 'Import the prices');
            assert.match(await flash(page), /"><img src=x>\.csv has arrived/);
            await until('the end of the import', async () => {
                await page.reload();
                return /Done/.test(await page.locator('.page-head').innerText());
            });
            assert.match(await page.locator('.figures').innerText(), /New\s+2\s[\s\S]*Rejected\s+1/);
            assert.match(await page.locator('tbody').innerText(), /3\s+<b>nodate<\/b> is not a date/);
            const { bars } = await get('/api/v1/bars/SENT?start=2014-05-01T00:00:00Z&end=2014-05-02T23:59:59Z').catch(() => ({ bars: [] }));
            assert.deepEqual(bars, []); // of a time that has not come

            // The same form a second time, as a double click would send it.
            await page.goto('/admin/imports');
            const fields = Object.fromEntries(await page.locator('form[action="/admin/imports/prices"]').evaluate(form =>
                [...new FormData(form)].filter(([name]) => name !== 'file')));
            const places = new Set();
            for (let time = 0; time < 2; time++) {
                const reply = await page.request.post('/admin/imports/prices', { maxRedirects: 0,
                    multipart: { ...fields, ticker: 'TWICE', file: csv('twice.csv', text) } });
                assert.equal(reply.status(), 303, await reply.text());
                places.add(reply.headers().location);
            }
            assert.equal(places.size, 1);
        });

        it('refuse a form without a file, and a file that is not one of prices, beside what was typed', async () => {
            await page.goto('/admin/imports');
            await page.locator('form[action="/admin/imports/prices"]').evaluate(form => { form.noValidate = true; });
            await submit(page, 'Import the prices');
            assert.match(await page.locator('#prices-file-problem').innerText(), /must be chosen/);
            await page.fill('#prices-ticker', 'kept');
            await page.setInputFiles('#prices-file', csv('list.csv', 'Symbol,Name\nA,B\n'));
            await submit(page, 'Import the prices');
            assert.equal(await page.locator('.form-problem').innerText(), 'Line 1: the header has no column date.');
            assert.equal(await page.inputValue('#prices-ticker'), 'kept');
            await page.goto('/admin/imports?state=failed');
            await page.locator('[data-part="imports"] tbody a').first().click();
            await page.waitForURL('**/admin/imports/*-*');
            assert.equal(await flash(page), 'Nothing of it was taken. Line 1: the header has no column date.');
            assert.match(await page.locator('.figures').innerText(), /Size\s+–/);
            assert.equal(await page.locator('.notice').count(), 0);
            // What nothing came of is not told as done.
            await until('the event', async () => {
                await page.goto('/admin/audit?action=import.finish');
                return /Import ended[\s\S]*Failed\s+Invalid request/.test(await page.locator('tbody').innerText());
            });
        });

        it('take a list of symbols', async () => {
            await page.goto('/admin/imports');
            await page.fill('#symbols-exchange', 'LSE');
            await page.setInputFiles('#symbols-file', csv('list.csv', 'Symbol,Name,Colour\nVOD,Vodafone <b>plc</b>,red\n'));
            await submit(page, 'Import the list');
            await until('the end of the import', async () => {
                await page.reload();
                return /Done/.test(await page.locator('.page-head').innerText());
            });
            assert.match(await page.locator('main').innerText(), /Column passed over\s+Colour/);
            const symbol = await get('/api/v1/symbols/VOD');
            assert.equal(symbol.exchange, 'LSE');
            assert.equal(symbol.name, 'Vodafone <b>plc</b>');
        });

        it('go on with a file that was broken off, when it is sent again', async () => {
            const id = '0195d3a0-0000-7000-8000-00000000000b';
            const lines = Array.from({ length: 30000 }, (_, i) =>
                `${new Date(Date.UTC(1930, 0, 1) + i * 86400e3).toISOString().slice(0, 10)},10.25,11.5,9.75,10.5,${100 + i}\n`);
            const text = `Date,Open,High,Low,Close,Volume\n${lines.join('')}`;
            const sending = request(`${platform.url}/api/v1/bars:import?ticker=PART&import_id=${id}`, { method: 'POST',
                headers: { authorization: `Bearer ${admin}`, 'content-type': 'text/csv', 'content-length': Buffer.byteLength(text) } });
            sending.on('error', () => {});
            sending.write(text.slice(0, 700000));
            await until('a part of it to be taken', async () =>
                (await platform.request('GET', `/api/v1/imports/${id}`, { token: admin })).body?.bytes > 0);
            sending.destroy();
            await page.goto('/admin/imports');
            await page.getByRole('link', { name: 'Prices of PART, daily' }).click();
            await page.waitForURL(`**/admin/imports/${id}`);
            assert.match(await page.locator('main').innerText(), /The file is arriving/);
            await page.setInputFiles('#again-file', csv('part.csv', text));
            await submit(page, 'Go on with it');
            assert.equal(new URL(page.url()).pathname, `/admin/imports/${id}`);
            await until('the end of the import', async () => {
                await page.reload();
                return /Done/.test(await page.locator('.page-head').innerText());
            });
            assert.equal((await get(`/api/v1/imports/${id}`)).lines, 30001);
        });

        it('cancel an import whose file does not arrive', async () => {
            const id = '0195d3a0-0000-7000-8000-00000000000c';
            const sending = request(`${platform.url}/api/v1/bars:import?ticker=PART&import_id=${id}`, { method: 'POST',
                headers: { authorization: `Bearer ${admin}`, 'content-type': 'text/csv', 'content-length': 100000 } });
            sending.on('error', () => {});
            sending.write('Date,Open,High,Low,Close,Volume\n');
            await until('it to begin', async () =>
                (await platform.request('GET', `/api/v1/imports/${id}`, { token: admin })).status === 200);
            sending.destroy();
            await page.goto(`/admin/imports/${id}`);
            await submit(page, 'Cancel the import');
            assert.equal(await page.locator('.flash', { hasText: 'was canceled' }).count(), 1);
            assert.match(await page.locator('main').innerText(), /Nothing of it was taken\. admin canceled it/);
            assert.equal(await page.getByRole('button', { name: 'Cancel the import' }).count(), 0);
        });

        it('set limits and ceilings, with what is wrong beside each', async () => {
            await page.goto('/admin/limits');
            await page.fill('#limits-defaults-max_order_value', '5000');
            await page.fill('#limits-ceilings-max_order_value', '1000');
            await page.fill('#limits-ceilings-forbidden_symbols', 'ko, $$$');
            await submit(page, 'Set all of these');
            assert.match(await page.locator('#limits-ceilings-forbidden_symbols-problem').innerText(), /must be a ticker/);
            await page.fill('#limits-ceilings-forbidden_symbols', 'ko, msft');
            await submit(page, 'Set all of these');
            assert.match(await page.locator('#limits-defaults-max_order_value-problem').innerText(), /1000/);
            await page.fill('#limits-defaults-max_order_value', '500.5');
            await submit(page, 'Set all of these');
            assert.match(await flash(page), /in force for every order from now on\. No symbol is known here as MSFT: /);
            assert.equal(await page.inputValue('#limits-defaults-max_order_value'), '500.50');
            assert.equal(await page.inputValue('#limits-ceilings-forbidden_symbols'), 'KO, MSFT');
            // What was done in trading is in auth's log a moment later.
            await until('the event', async () => {
                await page.reload();
                return /admin Limits set/.test(await page.locator('.feed').innerText());
            });
            await page.fill('#limits-defaults-max_order_value', '');
            await page.fill('#limits-ceilings-max_order_value', '');
            await page.fill('#limits-ceilings-forbidden_symbols', '');
            await submit(page, 'Set all of these');
            assert.match(await flash(page), /from now on\.$/);
            const limits = await get('/api/v1/limits');
            assert.equal(limits.ceilings?.max_order_value, undefined);
        });

        it('halt all trading and let it go on', async () => {
            await page.goto('/admin/limits');
            await page.fill('#halt-note', NASTY);
            await page.check('#halt-cancel_orders');
            await submit(page, 'Halt all trading');
            assert.match(await flash(page), /whole platform/);
            const text = await page.locator('main').innerText();
            assert.ok(text.includes(NASTY));
            assert.match(text, /An administrator/);
            assert.match(text, /What rested was canceled/);
            await page.goto('/symbols/AAPL');
            assert.ok((await page.locator('#ticket .notice').innerText()).startsWith('Trading is halted on the whole platform by an administrator since '));
            await page.goto('/admin');
            assert.match(await page.locator('main').innerText(), /Trading is halted/);
            await page.goto('/admin/limits');
            await submit(page, 'Let trading go on');
            assert.match(await flash(page), /Trading goes on/);
            await until('the events', async () => {
                await page.reload();
                return /^admin Trading resumed the whole platform[\s\S]*Trading halted the whole platform[\s\S]*Cancel orders yes/.test(await page.locator('.feed').innerText());
            });
        });

        it('move the clock when asked twice, let it run and stop it, and say why it cannot go back', async () => {
            const set = async () => {
                await page.getByRole('button', { name: 'Set the clock' }).click();
                await submit(page, 'Set it');
            };
            await page.goto('/admin/clock');
            await page.getByRole('button', { name: 'An hour on' }).click();
            assert.match(await page.locator('#move-hour').innerText(), /everybody to Apr 1, 2014, 16:00 UTC[\s\S]*orders are filled[\s\S]*never goes back/);
            await page.getByRole('button', { name: 'Do not' }).click();
            assert.equal((await get('/api/v1/clock')).now, '2014-04-01T15:00:00Z');
            await page.getByRole('button', { name: 'An hour on' }).click();
            await submit(page, 'Move it to Apr 1, 2014, 16:00 UTC');
            assert.match(await flash(page), /stands at Apr 1, 2014, 16:00 UTC/);
            assert.equal((await get('/api/v1/clock')).now, '2014-04-01T16:00:00Z');
            await page.fill('#clock-at', '2014-04-02T14:30');
            await page.press('#clock-at', 'Enter');
            await page.press('#clock-speed', 'Enter');
            assert.equal((await get('/api/v1/clock')).now, '2014-04-01T16:00:00Z');
            await set();
            assert.equal((await get('/api/v1/clock')).now, '2014-04-02T14:30:00Z');
            await page.fill('#clock-at', '2014-01-01T00:00');
            await set();
            assert.match(await page.locator('.form-problem').innerText(), /shows Apr 2, 2014, 14:30 UTC and cannot go back to Jan 1, 2014, 00:00 UTC/);
            await page.goto('/admin/clock');
            await page.selectOption('#clock-mode', 'replay');
            await page.fill('#clock-speed', '0.5');
            await set();
            assert.match(await flash(page), /runs/);
            assert.match(await page.locator('.figures').innerText(), /0\.5 times as fast/);
            await submit(page, 'Stop it here');
            assert.match(await flash(page), /stands/);
            assert.equal((await get('/api/v1/clock')).mode, 'step');
        });

        it('show the work queue, and have failed tasks tried again or given up', async () => {
            const filled = await place({ ticker: 'AAPL', side: 'buy', quantity: '1' });
            const resting = await place({ ticker: 'AAPL', side: 'buy', quantity: '1', type: 'limit', limit_price: '1', time_in_force: 'gtc' });
            for (const { id } of [filled, resting])
                await fail(id);
            await page.goto('/admin/tasks?state=failed');
            assert.equal(await page.locator('[data-part="tasks"] tbody tr').count(), 2);
            assert.ok((await page.locator('[data-part="tasks"]').innerText()).includes(NASTY));
            assert.match(await page.locator('[data-part="numbers"]').innerText(), /Hour\s+\d+/);
            await page.getByRole('link', { name: filled.id }).click();
            await page.waitForURL(`**/admin/tasks/${filled.id}`);
            assert.ok((await page.locator('main').innerText()).includes(NASTY));
            assert.match(await page.locator('main').innerText(), /Buy 1 AAPL/);
            await page.getByRole('button', { name: 'Give it up' }).click();
            await page.getByRole('button', { name: 'Do not' }).click();
            assert.equal((await get(`/api/v1/tasks/${filled.id}`)).state, 'failed');
            await page.getByRole('button', { name: 'Give it up' }).click();
            await submit(page, 'Give up the task');
            assert.match(await flash(page), /fill has to be booked/);
            await submit(page, `Retry ${filled.id}`, '[data-part="tasks"]');
            assert.match(await flash(page), /tried again/);
            await page.goto('/admin/tasks?state=failed');
            await page.getByRole('button', { name: `Give up ${resting.id}` }).click();
            assert.match(await page.locator('form[popover]:visible').innerText(), /cancels the order of the task/);
            await submit(page, 'Give up the task', '[data-part="tasks"]');
            assert.match(await flash(page), /given up/);
            assert.equal((await platform.expect(200, 'GET', `/api/v1/orders/${resting.id}`, { token: ada.token })).status, 'canceled');
            assert.equal((await page.goto(`/admin/tasks/${NOBODY}`)).status(), 404);
        });

        it('list who did what, by person, action and day', async () => {
            await page.goto('/admin/audit');
            await page.fill('#filter-actor', 'admin');
            await page.fill('#filter-action', 'clock.set');
            await submit(page, 'Filter');
            const rows = await until('the events', async () => {
                await page.reload();
                const all = await page.locator('tbody tr').allInnerTexts();
                return all.length >= 4 && all;
            });
            assert.ok(rows.some(row => /Mode replay\s+Speed 0\.5/.test(row)), rows.join('\n'));
            assert.ok(rows.length >= 4 && rows.every(row => /clock\.set[\s\S]*UTC\s+from \S+\s+admin/.test(row)), rows.join('\n'));
            const { id } = await platform.expect(201, 'POST', '/api/v1/users', { body: { username: 'changed', email: 'changed@example.org', password: PASSWORD } });
            await platform.expect(200, 'PATCH', `/api/v1/users/${id}`, { token: admin, body: { role: 'user', is_active: false, new_password: `${PASSWORD}, too` } });
            await page.goto('/admin/audit?action=user.change');
            assert.match(await page.locator('tbody tr').first().innerText(), /Role user\s+Is active no\s+Password new/);
            await platform.expect(401, 'POST', '/api/v1/auth/login', { body: { username: 'nobody.there', password: PASSWORD } });
            await page.goto('/admin/audit?action=session.start');
            assert.match(await page.locator('tbody tr', { hasText: 'Refused' }).first().innerText(), /^Login\s+session\.start[\s\S]*Nobody known[\s\S]*Refused/);
            await page.goto('/admin/audit?actor=nobody.there');
            assert.match(await page.locator('main').innerText(), /Nothing matches/);
            await page.goto('/admin/audit?end=2000-01-01');
            assert.match(await page.locator('main').innerText(), /Nothing matches/);
        });
    });

    describe('with scripts', () => {
        before(async () => {
            page = await open(browser, platform, { state });
        });
        after(async () => {
            assertQuiet(page);
            await page.context().close();
        });

        it('show what changes without being loaded again', async () => {
            await page.goto('/admin/tasks');
            await page.waitForSelector('[data-stream][data-state="live"]');
            const mark = await page.evaluate(() => { globalThis.mark = 'same page'; return globalThis.mark; });
            const { id } = await place({ ticker: 'AAPL', side: 'buy', quantity: '2' });
            await page.waitForSelector(`[data-part="tasks"] >> text=${id}`);
            assert.equal(await page.evaluate(() => globalThis.mark), mark);
        });

        it('follow an import until it is done', async () => {
            await page.goto('/admin/imports');
            await page.fill('#prices-ticker', 'LIVE');
            await page.setInputFiles('#prices-file', csv('live.csv', toCsv(madeUpBars(7))));
            await submit(page, 'Import the prices');
            assert.match(await flash(page), /live\.csv has arrived/);
            await page.waitForSelector('[data-part="import"] .badge.is-good');
            assert.equal(await page.locator('[data-part="import"][data-renew]').count(), 0);
        });

        it('say so when they cannot hear of changes, and go on by themselves', async () => {
            await page.goto('/admin/tasks');
            await page.waitForSelector('[data-stream][data-state="live"]');
            await page.context().setOffline(true);
            await page.waitForSelector('[data-stream][data-state="waiting"]');
            await page.context().setOffline(false);
            await page.waitForSelector('[data-stream][data-state="live"]');
            page.complaints = page.complaints.filter(one => !/ERR_INTERNET_DISCONNECTED/.test(one));
        });

        // What a page says that is made at this moment.
        const said = async path => {
            const text = await (await page.context().request.get(path)).text();
            return [/data-market>([^<]*)</.exec(text)[1], /<span class="clock"><time[^>]*>([^<]*)</.exec(text)[1], /class="market (\S+)"/.exec(text)[1]];
        };
        const run = speed => platform.expect(200, 'PUT', '/api/v1/clock', { token: admin, body: { mode: 'replay', speed } });
        const shown = () => page.evaluate(() => ['[data-market]', '.clock time'].map(name => document.querySelector(name).textContent)
            .concat(document.querySelector('.market').className.replace('market ', '')));

        it('say what time it is and whether the market is open as the clock is set, as a page does that is loaded then', async () => {
            await page.goto('/dashboard');
            await page.waitForSelector('[data-stream][data-state="live"]');
            await page.evaluate(() => { globalThis.mark = 'same page'; });
            // Seconds, minutes, hours and days before the market closes or opens; on Friday evening and over the weekend.
            for (const at of ['2014-04-03T13:29:30Z', '2014-04-03T13:30:00Z', '2014-04-03T14:00:00Z', '2014-04-03T19:00:01Z', '2014-04-03T19:59:59Z',
                '2014-04-03T20:00:00Z', '2014-04-04T20:30:00Z', '2014-04-05T13:30:01Z', '2014-04-06T13:30:00Z', '2014-04-07T15:00:00Z']) {
                await platform.step(at, admin);
                const expected = await said('/orders');
                await until(`${expected}`, async () => (await shown()).join() === expected.join());
            }
            assert.equal(await page.evaluate(() => globalThis.mark), 'same page');
        });

        it('count the time on where nothing is told of it, and have the market close by it', async () => {
            await platform.step('2014-04-07T19:59:20Z', admin);
            await run('3');
            const streams = [];
            page.on('request', request => request.url().includes('/stream') && streams.push(request.url()));
            await page.goto('/settings');
            const [label] = await shown();
            assert.match(label, /^Open, closes in \d+ s$/);
            await until('a lower count', async () => /^Open, closes in \d+ s$/.test((await shown())[0]) && (await shown())[0] !== label);
            await until('the close', async () => /^Closed, opens in 17 h \d\d min,Apr 7, 2014, 20:0\d UTC,is-closed$/.test((await shown()).join()), 40);
            assert.deepEqual(streams, []);
            await platform.step('2014-04-08T15:00:00Z', admin);
        });

        it('ask what comes next where nothing is told of it, once the open and the close that were known are over', async () => {
            await platform.step('2014-04-08T19:59:00Z', admin);
            await run('30');
            const one = await open(browser, platform, { state });
            await one.clock.install();
            const asked = [];
            one.on('request', request => request.url().endsWith('/api/v1/clock') && asked.push(request.url()));
            await one.goto('/settings');
            await until('the count', async () => /^(Open|Closed), /.test(await one.locator('[data-market]').innerText()));
            // By this page's clock it is past the next morning; by the platform's it is still evening.
            await one.clock.fastForward('01:00:00');
            await until('what is so', async () => /^Closed, opens in 17 h/.test(await one.locator('[data-market]').innerText()));
            assert.equal(asked.length, 1);
            await one.context().close();
            await platform.step('2014-04-09T15:00:00Z', admin);
        });

        it('say that the clock stands, and beside the ticket that the market is closed', async () => {
            await platform.step('2014-04-09T21:00:00Z', admin);
            await page.goto('/symbols/AAPL');
            assert.match(await page.locator('.strip').innerText(), /Closed[\s\S]*Apr 9, 2014, 21:00 UTC\s+Clock stopped/);
            assert.match(await page.locator('#ticket').innerText(),
                /The market is closed\. What is placed now waits until it opens, Apr 10, 2014, 13:30 UTC/);
            // So does what closes a position.
            const one = await open(browser, platform, { state: await logIn(browser, platform, 'ada', PASSWORD) });
            await one.goto(`/portfolio/${ada.portfolio}`);
            await one.getByRole('button', { name: 'Close AAPL', exact: true }).click();
            assert.match(await one.locator('#close-AAPL').innerText(), /^Sells all \d+ AAPL at market\.\s+The market is closed\. What is placed now waits until it opens, Apr 10, 2014, 13:30 UTC\./);
            await one.locator('#close-AAPL button[type="submit"]').click();
            await one.locator('.flash', { hasText: /^Placed: sell \d+ AAPL\. The order is waiting\.$/ }).waitFor();
            await platform.expect(200, 'DELETE', `/api/v1/portfolios/${ada.portfolio}/orders`, { token: ada.token });
            assertQuiet(one);
            await one.context().close();
            await platform.step('2014-04-10T15:00:00Z', admin);
            await page.reload();
            assert.doesNotMatch(await page.locator('#ticket').innerText(), /market is closed/);
        });

        it('ask before the clock is set by Enter in a field, too', async () => {
            const { now } = await get('/api/v1/clock');
            await page.goto('/admin/clock');
            await page.fill('#clock-at', '2014-04-10T16:00');
            await page.press('#clock-at', 'Enter');
            await page.getByText(/^This sets the clock of everybody/).waitFor();
            await page.getByRole('button', { name: 'Do not' }).click();
            await page.press('#clock-speed', 'Enter');
            await page.getByText(/^This sets the clock of everybody/).waitFor();
            assert.equal((await get('/api/v1/clock')).now, now);
            await submit(page, 'Set it');
            assert.equal((await get('/api/v1/clock')).now, '2014-04-10T16:00:00Z');
        });

        it('say that the session has ended, and how to come back', async () => {
            const one = await open(browser, platform, { state: await logIn(browser, platform, 'admin', platform.password) });
            await one.goto('/admin/tasks?state=failed');
            await one.waitForSelector('[data-stream][data-state="live"]');
            const [{ id }] = (await get('/api/v1/auth/sessions')).sessions;
            await platform.expect(204, 'DELETE', `/api/v1/auth/sessions/${id}`, { token: admin });
            await one.getByText(/^Your session has ended/).waitFor();
            assert.equal(await one.getByRole('link', { name: 'Log in again' }).getAttribute('href'), '/login?next=%2Fadmin%2Ftasks%3Fstate%3Dfailed');
            assertQuiet(one);
            await one.context().close();
        });
    });

    describe('every page', () => {
        let addresses;

        before(async () => {
            await platform.request('POST', '/api/v1/symbols', { token: admin, body: { ticker: 'EVIL', name: NASTY, exchange: '<b>X</b>', sector: '<i>Y</i>' } });
            await platform.request('PATCH', '/api/v1/users/me', { token: ada.token, body: { first_name: NASTY.slice(0, 90), last_name: NASTY.slice(0, 90) } });
            await platform.request('PATCH', `/api/v1/portfolios/${ada.portfolio}`, { token: ada.token, body: { name: NASTY } });
            const { id: task } = await place({ ticker: 'AAPL', side: 'buy', quantity: '1' });
            await platform.request('PUT', '/api/v1/trading-halt', { token: admin, body: { note: NASTY } });
            await platform.request('PUT', `/api/v1/users/${await userId('ada')}/trading-halt`, { token: admin, body: { note: NASTY } });
            await fail(task);
            await platform.import('LEFT', 'Date,Open,High,Low,Close,Volume\n2014-05-01,10,12,9,11,100\n<b>nodate</b>,1,1,1,1,1\n', admin);
            const rejected = (await get('/api/v1/imports')).imports.find(one => one.ticker === 'LEFT').id;
            addresses = { overview: '/admin', users: '/admin/users', user: `/admin/users/${await userId('ada')}`,
                symbols: '/admin/symbols', symbol: '/admin/symbols/EVIL', priced: '/admin/symbols/AAPL', imports: '/admin/imports', import: `/admin/imports/${rejected}`,
                limits: '/admin/limits', clock: '/admin/clock', tasks: '/admin/tasks', task: `/admin/tasks/${task}`, audit: '/admin/audit' };
            await platform.expect(201, 'POST', '/api/v1/watchlists', { token: admin, body: { name: 'Some without a price', symbols: ['EVIL', 'AAPL'] } });
        });

        it('is without fault for axe, fits, and runs nothing that people have written', async () => {
            const one = await open(browser, platform, { state });
            for (const [name, address] of Object.entries(addresses))
                await inspect(one, `admin-${name}`, address);
            // What has no price is not asked for, or nothing would be told of.
            await one.goto('/watchlists');
            await one.getByRole('link', { name: 'Some without a price' }).click();
            await one.waitForSelector('[data-stream][data-state="live"]');
            await inspect(one, 'symbol_without_price', '/symbols/EVIL');
            // Nor does what is offered while somebody types.
            await one.setViewportSize({ width: 1440, height: 900 });
            await one.locator('#search').pressSequentially('EVI');
            assert.equal(await one.getByRole('option', { name: /^EVIL/ }).innerText(), `EVIL ${NASTY}`);
            assert.equal(await one.evaluate(() => globalThis.hacked), undefined);
            assertQuiet(one);
            await one.context().close();
        });

        it('shows what people have named as they have', async () => {
            const one = await open(browser, platform, { state, scripts: false });
            for (const [name, text] of [['user', NASTY], ['symbols', NASTY], ['task', NASTY], ['limits', NASTY], ['users', NASTY.slice(0, 90)], ['symbols', '<b>X</b>']]) {
                await one.goto(addresses[name]);
                assert.ok((await one.locator('body').innerText()).includes(text), name);
            }
            await one.goto(addresses.symbol);
            assert.equal(await one.inputValue('#edit-name'), NASTY);
            await one.context().close();
        });

        it('is refused to users, and everything that can be done there, too', async () => {
            const reply = await fetch(`${platform.url}/login`, { method: 'POST', redirect: 'manual',
                headers: { 'content-type': 'application/x-www-form-urlencoded' }, body: new URLSearchParams({ username: 'ada', password: PASSWORD }) });
            const cookie = setCookies(reply).map(one => one.split(';')[0]).find(one => one.startsWith('bourse_session='));
            const settings = await (await fetch(`${platform.url}/settings`, { headers: { cookie } })).text();
            const token = /name="csrf_token" value="([^"]+)"/.exec(settings)[1];
            assert.doesNotMatch(settings, /href="\/admin"/);
            for (const [name, address] of Object.entries(addresses)) {
                const refused = await fetch(platform.url + address, { headers: { cookie, accept: 'text/html' } });
                assert.equal(refused.status, 403, name);
                assert.match(await refused.text(), /That is not allowed/);
                const stranger = await fetch(platform.url + address, { redirect: 'manual', headers: { accept: 'text/html' } });
                assert.equal(stranger.status, 303, name);
                assert.match(stranger.headers.get('location'), /^\/login\?next=/);
            }
            const user = await userId('ada');
            const forms = { '/admin/users': { username: 'planted', email: 'planted@example.org' }, [`/admin/users/${user}/edit`]: { role: 'administrator' },
                [`/admin/users/${user}/password`]: { new_password: PASSWORD }, [`/admin/users/${user}/delete`]: {}, [`/admin/users/${user}/halt`]: {},
                [`/admin/users/${user}/resume`]: {}, '/admin/symbols': { ticker: 'EVIL2', name: 'x' }, '/admin/symbols/AAPL/edit': { status: 'inactive' },
                '/admin/symbols/AAPL/delete': {}, '/admin/symbols/AAPL/actions': { kind: 'split', ex_date: '2014-06-09', numerator: '2', denominator: '1' },
                [`/admin/symbols/AAPL/actions/${NOBODY}/delete`]: {}, '/admin/limits': {}, '/admin/limits/halt': {}, '/admin/limits/resume': {},
                '/admin/clock': { mode: 'step', at: '2014-05-01T15:00' }, [`/admin/tasks/${NOBODY}/retry`]: {}, [`/admin/tasks/${NOBODY}/delete`]: {} };
            const post = (path, body) => fetch(platform.url + path, { method: 'POST', redirect: 'manual', headers: { cookie, accept: 'text/html' }, body });
            for (const [path, fields] of Object.entries(forms))
                for (const broken of [{}, { nothing: 'x' }])
                    assert.equal((await post(path, new URLSearchParams({ csrf_token: token, ...fields, ...broken }))).status, 403, path);
            for (const path of ['/admin/imports/prices', '/admin/imports/symbols']) {
                const body = new FormData();
                body.set('csrf_token', token);
                body.set('file', new Blob(['Date,Open,High,Low,Close,Volume\n']), 'a.csv');
                assert.equal((await post(path, body)).status, 403, path);
                // And nothing of another site's is taken, whoever's cookie comes with it.
                body.set('csrf_token', 'x'.repeat(22));
                assert.equal((await post(path, body)).status, 403, path);
            }
            assert.equal((await get('/api/v1/users/ada')).role, 'user');
            await platform.expect(404, 'GET', '/api/v1/users/planted', { token: admin });
            assert.equal((await get('/api/v1/symbols/AAPL')).status, 'active');
        });
    });
});
