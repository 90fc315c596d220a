// SPDX-License-Identifier: MIT
// The web application in Chromium: each flow without scripts and with them, and every page in both widths and
// themes. One platform and one browser serve all of it.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { setCookies } from '../support/cookies.mjs';
import { Platform, until } from '../support/platform.mjs';
import { assertQuiet, flash, inspect, keep, launch, logIn, NASTY, open, PASSWORD, program, register, submit } from './browser.mjs';

describe('the web application', { skip: program ? false : 'there is no Chromium' }, () => {
    let platform, browser, page;

    before(async () => {
        platform = await Platform.start({ options: ['--market', 'simulated'] });
        browser = await launch();
        await until('prices', async () =>
            (await platform.request('GET', '/api/v1/quotes/AAPL')).status === 200);
    });
    after(async () => {
        await browser?.close();
        await platform?.stop();
    });

    describe('without scripts', () => {
        before(async () => {
            page = await open(browser, platform, { scripts: false });
        });
        after(async () => {
            assertQuiet(page);
            await page.context().close();
        });

        it('shows what is wrong with a registration beside its fields, and keeps what was typed', async () => {
            await page.goto('/register');
            await page.fill('#register-username', 'no.scripts');
            await page.fill('#register-email', 'no.scripts@example.org');
            await page.fill('#register-password', 'password1');
            await submit(page, 'Sign up');
            assert.match(await page.locator('#register-password-problem').innerText(), /tried first/);
            assert.equal(await page.inputValue('#register-username'), 'no.scripts');
            assert.equal(await page.inputValue('#register-password'), '');
        });

        it('registers, logs in and goes to the dashboard', async () => {
            await page.fill('#register-password', PASSWORD);
            await submit(page, 'Sign up');
            assert.match(await flash(page), /Welcome, no\.scripts/);
        });

        it('finds a symbol by its name and its page by its ticker', async () => {
            await page.fill('#search', 'apple');
            await page.press('#search', 'Enter');
            await page.waitForURL('**/search?q=apple');
            await page.getByRole('link', { name: 'AAPL', exact: true }).click();
            await page.waitForURL('**/symbols/AAPL');
            await page.fill('#search', 'msft');
            await page.press('#search', 'Enter');
            await page.waitForURL('**/symbols/MSFT');
        });

        it('estimates an order, places it, and shows the position', async () => {
            await until('the portfolio', async () => {
                await page.goto('/symbols/AAPL');
                return page.locator('[data-ticket]').count();
            });
            await page.fill('#order-quantity', '3');
            await submit(page, 'Estimate');
            assert.match(await page.locator('[data-estimate]').innerText(), /Costs about .* would be left/);
            assert.equal(await page.inputValue('#order-quantity'), '3');
            await submit(page, 'Place the order');
            assert.match(await flash(page), /Done: buy 3 AAPL at/);
            assert.match(await page.locator('[data-part="position"]').innerText(), /Shares\s+3/);
        });

        it('says why an order cannot be, and keeps the ticket', async () => {
            await page.fill('#order-quantity', '100000000');
            await submit(page, 'Place the order');
            assert.match(await page.locator('.form-problem').innerText(), /required, and .* available/);
            assert.equal(await page.inputValue('#order-quantity'), '100000000');
            await page.fill('#order-quantity', 'many');
            await submit(page, 'Place the order');
            assert.match(await page.locator('#order-quantity-problem').innerText(), /decimal/);
            assert.equal(await page.inputValue('#order-quantity'), 'many');
        });

        it('places an entry with the exits behind it, and two exits of what is there', async () => {
            await page.goto('/symbols/AAPL');
            await page.fill('#order-quantity', '1');
            await page.fill('#order-take_profit-limit_price', '1');
            await page.fill('#order-stop_loss-stop_price', '2');
            await submit(page, 'Place the order');
            assert.match(await page.locator('#order-take_profit-limit_price-problem').innerText(), /must be/);
            await page.fill('#order-take_profit-limit_price', '5000');
            await submit(page, 'Place the order');
            assert.match(await flash(page), /Done: buy 1 AAPL at/);
            await page.goto('/symbols/AAPL?side=sell');
            await page.fill('#order-quantity', '2');
            await page.selectOption('#order-time_in_force', 'gtc');
            await page.fill('#order-take_profit-limit_price', '6000');
            await page.fill('#order-stop_loss-stop_price', '1');
            await submit(page, 'Place the order');
            assert.match(await flash(page), /Placed: sell 2 AAPL/);
            const prices = async () => {
                await page.goto('/orders');
                return (await page.locator('tbody tr').allInnerTexts()).map(text => /(5,000|6,000|1|2)\.00/.exec(text)?.[1]).sort();
            };
            await until('the exits', async () => (await prices()).join(' ') === '1 2 5,000 6,000');
            await submit(page, 'Cancel sell 2 AAPL');
            await until('both to be canceled', async () => (await prices()).join(' ') === '2 5,000');
            await submit(page, 'Cancel sell 1 AAPL');
            await until('all to be canceled', async () => (await prices()).length === 0);
        });

        it('sets how the orders of a portfolio are filled', async () => {
            await page.goto('/portfolio');
            await page.locator('tbody a').first().click();
            await page.locator('summary', { hasText: 'How orders are filled' }).click();
            assert.equal(await page.inputValue('#edit-fill_settings-model'), 'quote');
            await page.fill('#edit-fill_settings-slippage_bps', '1000.01');
            await submit(page, 'Save');
            assert.match(await page.locator('#edit-fill_settings-slippage_bps-problem').innerText(), /1000/);
            await page.fill('#edit-fill_settings-slippage_bps', '2.5');
            await page.fill('#edit-fill_settings-commission_per_order', '1');
            await submit(page, 'Save');
            await page.locator('summary', { hasText: 'How orders are filled' }).click();
            assert.equal(await page.inputValue('#edit-fill_settings-slippage_bps'), '2.5');
            assert.equal(await page.inputValue('#edit-fill_settings-commission_per_order'), '1.00');
            await page.fill('#edit-fill_settings-slippage_bps', '0');
            await page.fill('#edit-fill_settings-commission_per_order', '0');
            await submit(page, 'Save');
        });

        it('places an order that waits, and cancels one and all', async () => {
            for (const price of ['1.5', '1.6', '1.7']) {
                await page.goto('/symbols/AAPL');
                await page.fill('#order-quantity', '1');
                await page.selectOption('#order-type', 'limit');
                await page.selectOption('#order-time_in_force', 'gtc');
                await page.fill('#order-limit_price', price);
                await submit(page, 'Place the order');
                assert.match(await flash(page), /Placed: buy 1 AAPL/);
            }
            await page.goto('/orders');
            assert.equal(await page.locator('tbody tr').count(), 3);
            await submit(page, 'Cancel buy 1 AAPL', '[data-part="orders"]');
            assert.match(await flash(page), /was canceled/);
            await submit(page, 'Cancel all open orders');
            assert.match(await flash(page), /2 orders were canceled/);
            await until('no open order', async () => {
                await page.goto('/orders');
                return await page.locator('tbody tr').count() === 0;
            });
        });

        it('puts another order in the place of one that waits, by the same rules, and says what is wrong', async () => {
            await page.goto('/symbols/AAPL');
            await page.fill('#order-quantity', '3');
            await page.selectOption('#order-type', 'limit');
            await page.selectOption('#order-time_in_force', 'gtc');
            await page.fill('#order-limit_price', '1.25');
            await submit(page, 'Place the order');
            await page.goto('/orders');
            await page.getByRole('link', { name: 'Change buy 3 AAPL' }).click();
            await page.waitForURL('**/orders/*-*');
            const old = page.url();
            assert.equal(await page.inputValue('#replace-quantity'), '3');
            assert.equal(await page.inputValue('#replace-limit_price'), '1.25');
            assert.equal(await page.inputValue('#replace-time_in_force'), 'gtc');
            assert.equal(await page.locator('#replace-stop_price').count(), 0);
            await page.fill('#replace-limit_price', 'cheap');
            await submit(page, 'Change the order');
            assert.match(await page.locator('#replace-limit_price-problem').innerText(), /decimal/);
            assert.equal(await page.inputValue('#replace-limit_price'), 'cheap');
            await page.fill('#replace-limit_price', '1.25');
            await submit(page, 'Change the order');
            assert.ok(await page.locator('.form-problem').count(), 'nothing is different');
            await page.fill('#replace-quantity', '100000000');
            await submit(page, 'Change the order');
            assert.match(await page.locator('.form-problem').innerText(), /required, and .* available/);
            await page.fill('#replace-quantity', '4');
            await page.fill('#replace-limit_price', '1.5');
            await submit(page, 'Change the order');
            assert.match(await flash(page), /taken the other one's place/);
            assert.notEqual(page.url(), old);
            assert.match(await page.locator('h1').innerText(), /Buy 4 AAPL/);
            await page.getByRole('link', { name: 'another order' }).click();
            await page.waitForURL(old);
            assert.match(await page.locator('[data-part="order"]').innerText(), /Replaced/);
            assert.equal(await page.getByRole('button', { name: 'Change the order' }).count(), 0);
            await page.goBack();
            await submit(page, 'Cancel the order');
            assert.match(await flash(page), /was canceled/);
            assert.equal((await page.goto('/orders/00000000-0000-7000-8000-000000000001')).status(), 404);
        });

        it('does a form that is sent twice once', async () => {
            await page.goto('/symbols/KO');
            const form = Object.fromEntries(await page.locator('[data-ticket]').evaluate(one => [...new FormData(one)]));
            form.quantity = '2';
            for (let time = 0; time < 2; time++)
                assert.equal((await page.request.post('/symbols/KO/orders', { form, maxRedirects: 0 })).status(), 303);
            await page.goto('/symbols/KO');
            assert.match(await page.locator('[data-part="position"]').innerText(), /Shares\s+2\n/);
            assert.equal(await page.locator('[data-part="orders"] tbody tr').count(), 1);
        });

        it('deposits and withdraws, lists it, and has a table of it', async () => {
            await page.goto('/portfolio');
            await page.getByRole('link', { name: 'My portfolio' }).click();
            await page.fill('#cash-amount', '250.5');
            await page.fill('#cash-note', NASTY);
            await submit(page, 'Deposit');
            assert.match(await flash(page), /250\.50 was deposited/);
            await page.fill('#cash-amount', '900000000');
            await submit(page, 'Withdraw');
            assert.equal(await page.inputValue('#cash-amount'), '900000000');
            assert.ok(await page.locator('.form-problem').count());
            await page.fill('#cash-amount', '100');
            await submit(page, 'Withdraw');
            assert.match(await flash(page), /100\.00 was withdrawn/);
            await page.getByRole('link', { name: 'Transactions' }).click();
            await page.selectOption('#filter-type', 'deposit');
            await submit(page, 'Filter');
            assert.ok((await page.locator('tbody').innerText()).includes(NASTY));
            const link = await page.getByRole('link', { name: /CSV/ }).getAttribute('href');
            const table = await page.request.get(link);
            assert.match(table.headers()['content-type'], /^text\/csv/);
            assert.match(await table.text(), /deposit,.*250\.50/);
        });

        it('opens, changes, copies, begins anew and closes portfolios', async () => {
            await page.goto('/portfolio');
            await page.fill('#new-name', 'Second');
            await page.fill('#new-cash_balance', '500');
            await submit(page, 'Open the portfolio');
            assert.match(await flash(page), /Second is open/);
            await page.fill('#edit-name', 'Third');
            await submit(page, 'Save');
            assert.equal(await page.locator('h1').innerText(), 'Third');
            await submit(page, 'Make a copy');
            assert.match(await flash(page), /copy of Third/i);
            await page.getByText('Begin anew', { exact: true }).first().click();
            await page.fill('#reset-amount', '42');
            await submit(page, 'Begin anew');
            assert.match(await page.locator('[data-field="cash_balance"]').innerText(), /42\.00/);
            await page.getByText('Close it', { exact: true }).click();
            await submit(page, 'Close this portfolio');
            assert.match(await page.locator('.form-problem').innerText(), /still has 42\.00/);
            await page.getByText('Close it', { exact: true }).click();
            await page.check('input[name="force"]');
            await submit(page, 'Close this portfolio');
            assert.match(await flash(page), /was closed/);
        });

        it('adds to a watchlist once, takes off it, and makes further ones', async () => {
            await page.goto('/dashboard');
            for (const sentence of [/is on the list now/, /is on the list already/]) {
                await page.fill('#add-ticker', 'nvda');
                await submit(page, 'Add');
                assert.equal(new URL(page.url()).pathname, '/dashboard');
                assert.match(await flash(page), sentence);
            }
            assert.equal(await page.getByRole('button', { name: 'Remove NVDA' }).count(), 1);
            await submit(page, 'Remove NVDA');
            assert.match(await flash(page), /not on the list any more/);
            await page.fill('#add-ticker', 'NOSUCH');
            await submit(page, 'Add');
            assert.match(await page.locator('.form-problem').innerText(), /symbol/i);
            assert.equal(await page.inputValue('#add-ticker'), 'NOSUCH');
            await page.fill('#create-name', 'Oil');
            await submit(page, 'Make the list');
            assert.match(await flash(page), /The list Oil is there/);
            await submit(page, 'Show it on the dashboard');
            assert.ok(await page.getByText('On the dashboard').count());
        });

        it('changes the profile, ends other sessions, and shows a key\'s secret once', async () => {
            await page.goto('/settings');
            await page.fill('#profile-first_name', 'Ada');
            await submit(page, 'Save the profile');
            assert.equal(await page.inputValue('#profile-first_name'), 'Ada');
            await page.fill('#key-name', 'robot');
            await submit(page, 'Make a key');
            assert.match(await page.locator('.facts').innerText(), /Secret\s+\S{20,}/);
            await page.goto('/settings');
            assert.equal(await page.locator('.facts').count(), 0);
            await submit(page, 'Delete robot');
            assert.match(await flash(page), /key was deleted/);
            await page.fill('#password-current_password', 'wrong password');
            await page.fill('#password-new_password', `${PASSWORD} staple`);
            await submit(page, 'Change the password');
            assert.match(await page.locator('.form-problem').innerText(), /password is wrong/);
        });

        it('keeps the theme that was chosen', async () => {
            await page.goto('/orders?status=all');
            await submit(page, 'Dark', 'footer');
            assert.match(page.url(), /\/orders\?status=all$/);
            assert.equal(await page.locator('html').getAttribute('data-theme'), 'dark');
            await submit(page, 'Auto', 'footer');
            assert.equal(await page.locator('html').getAttribute('data-theme'), null);
        });

        it('logs out to the login page, and after logging in goes on where one wanted to go', async () => {
            await submit(page, 'Log out', 'header');
            assert.match(await flash(page), /logged out/);
            assert.equal(new URL(page.url()).pathname, '/login');
            await page.goto('/orders?status=all');
            assert.equal(new URL(page.url()).pathname, '/login');
            await page.fill('#login-username', 'no.scripts');
            await page.fill('#login-password', 'not the password');
            await submit(page, 'Log in');
            assert.match(await page.locator('.form-problem').innerText(), /name or the password/);
            await page.fill('#login-password', PASSWORD);
            await submit(page, 'Log in');
            assert.match(page.url(), /\/orders\?status=all$/);
        });

        it('tells people what to do when there is nothing, and programs the reason', async () => {
            assert.equal((await page.goto('/no/such/page')).status(), 404);
            assert.match(await page.locator('h1').innerText(), /nothing here/);
            assert.equal(await page.locator('.user').innerText(), 'no.scripts');
            assert.equal((await page.goto('/symbols/NOSUCH')).status(), 404);
            assert.equal((await page.goto('/portfolio/00000000-0000-7000-8000-000000000001')).status(), 404);
            const { body } = await platform.request('GET', '/symbols/NOSUCH', { headers: { accept: 'application/json' } });
            assert.equal(body.reason, 'SYMBOL_NOT_FOUND');
            assert.equal((await platform.request('GET', '/api/v1/none', { headers: { accept: 'text/html' } })).body.reason, 'NO_SUCH_ADDRESS');
        });
    });

    describe('with scripts', () => {
        before(async () => {
            page = await open(browser, platform);
            await register(page, 'with.scripts');
        });
        after(async () => {
            assertQuiet(page);
            await page.context().close();
        });

        it('goes from search to a position by keyboard alone', async () => {
            await page.keyboard.press('/');
            await page.keyboard.type('AAPL');
            await page.keyboard.press('Enter');
            await page.waitForURL('**/symbols/AAPL');
            await page.waitForFunction(() => document.querySelector('[data-for]')?.hasAttribute('hidden'));
            await page.keyboard.press('b');
            await page.keyboard.type('2');
            await page.waitForFunction(() => /Costs about/.test(document.querySelector('[data-estimate]')?.textContent ?? ''));
            await Promise.all([page.waitForNavigation(), page.keyboard.press('Enter')]);
            assert.match(await flash(page), /Done: buy 2 AAPL/);
            assert.match(await page.locator('[data-part="position"]').innerText(), /Shares\s+2/);
        });

        it('draws candles, and shows prices that move without reloading', async () => {
            await page.waitForSelector('.chart-live canvas');
            await page.waitForSelector('[data-stream][data-state="live"]');
            const price = page.locator('.last');
            const before = await price.innerText();
            await until('another price', async () => await price.innerText() !== before, 30);
        });

        it('shows what becomes of an order that is placed elsewhere', async () => {
            const token = await platform.login('with.scripts', PASSWORD);
            const [{ id }] = (await platform.expect(200, 'GET', '/api/v1/portfolios', { token })).portfolios;
            await page.goto('/orders');
            await page.waitForSelector('[data-stream][data-state="live"]');
            const order = await platform.expect(201, 'POST', `/api/v1/portfolios/${id}/orders`, { token,
                body: { ticker: 'AAPL', side: 'buy', quantity: '1', type: 'limit', limit_price: '1', time_in_force: 'gtc' } });
            await page.waitForSelector(`[data-order="${order.id}"]`);
            await platform.expect(204, 'DELETE', `/api/v1/orders/${order.id}`, { token });
            await page.waitForSelector(`[data-order="${order.id}"]`, { state: 'detached' });
        });

        it('says that it has lost the connection, greys the prices, and finds it again', async () => {
            await page.goto('/symbols/AAPL');
            await page.waitForSelector('[data-stream][data-state="live"]');
            await platform.kill('gateway');
            await page.waitForSelector('[data-stream][data-state="waiting"]');
            await page.waitForSelector('.last.is-stale');
            await page.waitForSelector('[data-stream][data-state="live"]', { timeout: 60000 });
            await page.waitForSelector('.last:not(.is-stale)');
            page.complaints = page.complaints.filter(one => !/ERR_(CONNECTION|INCOMPLETE|EMPTY)/.test(one));
        });
    });

    describe('on a phone', () => {
        for (const scripts of [false, true])
            it(`brings the order ticket up from below, ${scripts ? 'with' : 'without'} scripts`, async () => {
                const username = scripts ? 'with.scripts' : 'no.scripts';
                const one = await open(browser, platform, { scripts, width: 390, state: await logIn(browser, platform, username, PASSWORD) });
                await one.goto('/symbols/MSFT');
                assert.equal(await one.isVisible('#ticket'), false);
                await one.locator('.trade-bar').getByRole('link', { name: 'Sell' }).click();
                await one.waitForSelector('#ticket', { state: 'visible' });
                assert.equal(await one.isChecked('input[value="sell"]'), true);
                if (scripts) {
                    assert.equal(await one.evaluate(() => document.activeElement?.id), 'order-quantity');
                    await one.keyboard.press('Escape');
                } else {
                    await one.getByRole('link', { name: 'Close' }).click();
                }
                await one.waitForSelector('#ticket', { state: 'hidden' });
                await one.locator('.trade-bar').getByRole('link', { name: 'Buy' }).click();
                await one.waitForSelector('#ticket', { state: 'visible' });
                await one.fill('#order-quantity', '100000000');
                await submit(one, 'Place the order');
                assert.equal(await one.isVisible('.form-problem'), true);
                await one.getByRole('link', { name: 'Close' }).click();
                await one.waitForSelector('#ticket', { state: 'hidden' });
                await one.goto('/symbols/MSFT#ticket');
                await one.fill('#order-quantity', '1');
                await submit(one, 'Place the order');
                assert.match(await flash(one), /Done: buy 1 MSFT/);
                assert.equal(await one.isVisible('#ticket'), false);
                assertQuiet(one);
                await one.context().close();
            });
    });

    describe('on paper', () => {
        it('has a statement whole, without what only a screen has a use for', async () => {
            const one = await open(browser, platform, { width: 680, state: await logIn(browser, platform, 'no.scripts', PASSWORD) });
            await one.goto('/portfolio');
            await one.getByRole('link', { name: 'My portfolio' }).click();
            const address = one.url();
            for (const [name, path] of [['portfolio', address], ['transactions', `${address}/transactions`]]) {
                await one.goto(path);
                await one.emulateMedia({ media: 'print' });
                await keep(one, `print-${name}`);
                assert.match(await one.locator('.print-only').innerText(), /^Bourse, no\.scripts, as of /);
                for (const part of ['.top', '.bottom', 'main form', 'main button', 'main .choices'])
                    assert.equal(await one.locator(part).filter({ visible: true }).count(), 0, `${part} of ${name}`);
                const table = one.locator('main table').first();
                const { x, width } = await table.boundingBox();
                assert.ok(x >= 0 && x + width <= 680, `the table of ${name} is ${width} wide`);
                assert.ok(await one.locator('main th', { hasText: name === 'portfolio' ? 'Share' : 'Note' }).last().isVisible());
                await one.emulateMedia({ media: 'screen' });
            }
            await one.context().close();
        });
    });

    // Everything that somebody may have named is named nastily, and every page shows it as text.
    describe('every page', () => {
        let addresses, state;

        before(async () => {
            const admin = await platform.administrator();
            await platform.expect(201, 'POST', '/api/v1/symbols', { token: admin, body: { ticker: 'EVIL', name: NASTY, exchange: '<b>X</b>', sector: '<i>Y</i>' } });
            const { token, portfolio } = await platform.trader('every.page');
            const put = (path, body) => platform.request('POST', path, { token, body });
            await platform.expect(200, 'PATCH', `/api/v1/portfolios/${portfolio}`, { token, body: { name: NASTY, description: NASTY } });
            await platform.expect(200, 'PATCH', '/api/v1/users/me', { token, body: { first_name: NASTY.slice(0, 90), last_name: NASTY.slice(0, 90) } });
            await put('/api/v1/portfolios', { name: NASTY });
            await put(`/api/v1/portfolios/${portfolio}/deposits`, { amount: '5', note: NASTY });
            let order;
            for (const one of [{ ticker: 'AAPL', side: 'buy', quantity: '10' }, { ticker: 'AAPL', side: 'sell', quantity: '1' },
                { ticker: 'AAPL', side: 'buy', quantity: '1', type: 'limit', limit_price: '2', time_in_force: 'gtc', client_order_id: NASTY }])
                order = (await put(`/api/v1/portfolios/${portfolio}/orders`, one)).body.id;
            const list = (await platform.expect(200, 'GET', '/api/v1/watchlists', { token })).watchlists[0];
            await platform.expect(200, 'PATCH', `/api/v1/watchlists/${list.id}`, { token, body: { name: NASTY, symbols: ['EVIL', 'AAPL', 'KO'] } });
            await put('/api/v1/watchlists', { name: `${NASTY}2` });
            await put('/api/v1/api-keys', { name: NASTY, scope: 'read' });
            const strategy = (await put('/api/v1/strategies', { name: NASTY, description: NASTY, kind: 'rule', symbols: ['AAPL'],
                parameters: { enter: 'close > sma(close, 5) and close < close * 2', exit: 'close < sma(close, 5)' } })).body.id;
            const test = async more => (await put(`/api/v1/strategies/${strategy}/backtests`, { start: new Date(Date.now() - 5e9).toISOString(), benchmark: 'KO', ...more })).body.id;
            const backtest = await test({});
            const walked = await test({ grid: [{ parameter: 'stop_loss_percent', values: ['0', '5'] }], walk_forward: { in_sample_days: 20, out_of_sample_days: 10 } });
            for (const id of [backtest, walked])
                await until('the backtest', async () => (await platform.expect(200, 'GET', `/api/v1/backtests/${id}`, { token })).status === 'completed');
            const run = await platform.request('POST', `/api/v1/strategies/${strategy}/start`, { token, body: { portfolio_id: portfolio, cash: '1000' } });
            assert.ok(run.status < 300, JSON.stringify(run.body));
            state = await logIn(browser, platform, 'every.page', PASSWORD);
            addresses = { strategies: '/strategies', new_strategy: '/strategies/new?kind=rule', strategy_edit: `/strategies/${strategy}/edit`,
                strategy: `/strategies/${strategy}`, backtest: `/backtests/${backtest}`, walk_forward: `/backtests/${walked}`,
                comparison: `/backtests/compare?id=${backtest}&id=${walked}`, no_comparison: '/backtests/compare', strategy_run: `/strategy-runs/${run.body.id}`,
                dashboard: '/dashboard', symbol: '/symbols/AAPL', unpriced: '/symbols/EVIL', orders: '/orders?status=all', order: `/orders/${order}`, portfolios: '/portfolio',
                portfolio: `/portfolio/${portfolio}`, transactions: `/portfolio/${portfolio}/transactions`, search: `/search?q=${encodeURIComponent('"><img')}`,
                watchlists: '/watchlists', settings: '/settings', missing: '/nothing' };
        });

        const open_to_all = { home: '/', login: '/login', register: '/register' };

        it('is without fault for axe, fits, and runs nothing that people have written', async () => {
            for (const [who, list] of [[undefined, open_to_all], [state, addresses]]) {
                const one = await open(browser, platform, { state: who });
                for (const [name, address] of Object.entries(list))
                    await inspect(one, name, address);
                assertQuiet(one);
                await one.context().close();
            }
        });

        it('shows what people have named as they have', async () => {
            const one = await open(browser, platform, { state });
            for (const name of ['dashboard', 'order', 'portfolios', 'portfolio', 'transactions', 'watchlists', 'unpriced', 'strategies', 'strategy', 'backtest', 'comparison', 'strategy_run']) {
                await one.goto(addresses[name]);
                assert.ok((await one.locator('body').innerText()).includes(NASTY), name);
            }
            await one.goto('/settings');
            assert.equal(await one.inputValue('#profile-first_name'), NASTY.slice(0, 90));
            await one.context().close();
        });
    });

    describe('strategies', () => {
        const start = new Date(Date.now() - 5e9).toISOString().slice(0, 10);
        const rows = async (one, id) => one.locator(`section:has(#${id}) tbody tr`).allInnerTexts();
        let state, user;

        before(async () => {
            user = await platform.trader('strategist');
            state = await logIn(browser, platform, 'strategist', user.password);
        });

        it('are made with the form of their kind, and say the place where a rule is wrong, without scripts', async () => {
            const one = await open(browser, platform, { state, scripts: false });
            await one.goto('/strategies');
            await one.getByRole('link', { name: 'New strategy' }).click();
            await one.getByRole('link', { name: 'Your own rules' }).click();
            await one.fill('#strategy-name', 'By rule');
            await one.fill('#strategy-symbols', 'aapl, KO');
            await one.fill('#strategy-parameters-enter', 'close > "é" and <b>');
            await one.fill('#strategy-parameters-exit', 'close < sma(close, and 5)');
            await submit(one, 'Create the strategy');
            assert.match(await one.locator('.form-problem').innerText(), /correct what is marked/);
            assert.match(await one.locator('#strategy-parameters-exit-problem').innerText(), /^column 20: /m);
            const marks = await one.locator('.rule-place mark').allInnerTexts();
            assert.deepEqual(marks, ['"', 'and']);
            assert.equal(await one.locator('.rule-place').last().innerText(), 'close < sma(close, and 5)');
            assert.equal(await one.inputValue('#strategy-parameters-enter'), 'close > "é" and <b>');
            await one.fill('#strategy-parameters-enter', 'close > sma(close, 5)');
            await one.fill('#strategy-parameters-exit', 'close < sma(close, 5)');
            await one.fill('#strategy-parameters-stop_loss_percent', '100');
            await submit(one, 'Create the strategy');
            assert.match(await one.locator('#strategy-parameters-stop_loss_percent-problem').innerText(), /from 0 to 99, not 100/);
            await one.fill('#strategy-parameters-stop_loss_percent', '8');
            await submit(one, 'Create the strategy');
            assert.match(await flash(one), /By rule is there/);
            assert.match(await one.locator('main').innerText(), /Stop loss percent\s+8/);
            await one.getByRole('link', { name: 'Edit' }).click();
            assert.equal(await one.inputValue('#strategy-symbols'), 'AAPL, KO');
            await one.fill('#strategy-name', 'By another rule');
            await one.fill('#strategy-parameters-stop_loss_percent', '');
            await submit(one, 'Save');
            const [strategy] = (await platform.expect(200, 'GET', '/api/v1/strategies', { token: user.token })).strategies;
            assert.deepEqual([strategy.name, strategy.version, strategy.parameters.stop_loss_percent, strategy.symbols.join()],
                ['By another rule', 2, '0', 'AAPL,KO']);
            assertQuiet(one);
            await one.context().close();
        });

        it('are tested on the past; a page that is watched goes on by itself to what came of it', async () => {
            const one = await open(browser, platform, { state });
            await one.goto('/strategies');
            await one.getByRole('link', { name: 'By another rule' }).click();
            await one.fill('#backtest-start', start);
            await one.fill('#backtest-benchmark', 'KO');
            await one.fill('#backtest-cash', 'much');
            await submit(one, 'Test it');
            assert.match(await one.locator('#backtest-cash-problem').innerText(), /decimal/);
            await one.fill('#backtest-cash', '50000');
            await submit(one, 'Test it');
            await one.locator('.chart-live canvas').first().waitFor();
            const id = new URL(one.url()).pathname.split('/').at(-1);
            const api = await platform.expect(200, 'GET', `/api/v1/backtests/${id}`, { token: user.token });
            assert.equal(api.cash, '50000.00');
            assert.equal(await one.locator('.chart-live canvas').count() > 1, true);
            const figures = await rows(one, 'figures');
            assert.ok(figures[0].includes(`${Math.abs(Number(api.statistics.return_percent)).toFixed(2)}%`), figures[0]);
            await one.locator('details.definition summary').first().click();
            assert.ok(await one.getByText('What the equity at the end is more').isVisible());
            assert.equal((await rows(one, 'trades')).length, Math.min(200, api.trades.length));
            assert.equal((await rows(one, 'orders')).length, Math.min(200, api.orders.length));
            await one.getByText('Both as a table').click();
            assert.equal((await rows(one, 'drawdown')).length, api.curve.length);
            const [download] = await Promise.all([one.waitForEvent('download'), one.locator('section:has(#trades)').getByRole('link', { name: /CSV/ }).click()]);
            const table = await (await download.createReadStream()).toArray();
            assert.equal(download.suggestedFilename(), 'trades.csv');
            assert.equal(Buffer.concat(table).toString().trim().split('\n').length, api.trades.length + 1);
            assertQuiet(one);
            await one.context().close();
        });

        it('are tried with several values, seen without scripts, and deleted', async () => {
            const { id } = await platform.expect(201, 'POST', '/api/v1/strategies', { token: user.token,
                body: { name: 'Cross', kind: 'sma_cross', parameters: { fast: 5, slow: 20 }, symbols: ['AAPL'] } });
            const one = await open(browser, platform, { state, scripts: false });
            await one.goto(`/strategies/${id}`);
            await one.fill('#backtest-start', start);
            await one.getByText('Try several values').click();
            await one.fill('#strategy-grid-fast', '2, many');
            await submit(one, 'Test it');
            assert.match(await one.locator('#strategy-grid-fast-problem').innerText(), /number, not "many"/);
            await one.fill('#strategy-grid-fast', '2, 30');
            await submit(one, 'Test it');
            // Without scripts the page is loaded again every 2 seconds until it is done.
            await one.locator('svg.chart-line').first().waitFor();
            const tried = await rows(one, 'combinations');
            assert.equal(tried.length, 2);
            assert.match(tried[0], /fast 2\s+Best/);
            assert.match(tried[1], /fast/);
            assert.ok(await one.locator('path.dots.is-buy').count());
            assert.equal(await one.locator('meta[http-equiv="refresh"]').count(), 0);
            await submit(one, 'Remove');
            assert.match(await flash(one), /was removed/);
            await one.getByText('Delete it').click();
            await submit(one, 'Delete this strategy');
            assert.match(await flash(one), /was deleted/);
            assert.ok(!(await one.locator('main').innerText()).includes('Cross'));
            assertQuiet(one);
            await one.context().close();
        });

        it('are walked forward with the values that are tried, and say what was chosen in each window', async () => {
            const { id } = await platform.expect(201, 'POST', '/api/v1/strategies', { token: user.token,
                body: { name: 'Forward', kind: 'sma_cross', parameters: { fast: 2, slow: 6 }, symbols: ['AAPL'] } });
            const one = await open(browser, platform, { state, scripts: false });
            await one.goto(`/strategies/${id}`);
            await one.fill('#backtest-start', start);
            await one.getByText('Walk forward').click();
            await one.fill('#backtest-walk_forward-in_sample_days', '20');
            await one.fill('#backtest-walk_forward-out_of_sample_days', '10');
            await one.fill('#backtest-walk_forward-step_days', '9');
            await one.selectOption('#backtest-walk_forward-objective', 'return_percent');
            await submit(one, 'Test it');
            assert.match(await one.locator('.form-problem').innerText(), /grid must have parameters for walk_forward/);
            await one.fill('#strategy-grid-fast', '2, 3');
            await submit(one, 'Test it');
            assert.match(await one.locator('#backtest-walk_forward-step_days-problem').innerText(), /10/);
            assert.equal(await one.inputValue('#backtest-walk_forward-objective'), 'return_percent');
            await one.fill('#backtest-walk_forward-step_days', '');
            await one.check('#backtest-walk_forward-anchored');
            await submit(one, 'Test it');
            await one.locator('#windows').waitFor();
            const api = await platform.expect(200, 'GET', `/api/v1${new URL(one.url()).pathname}`, { token: user.token });
            assert.deepEqual(api.walk_forward, { in_sample_days: 20, out_of_sample_days: 10, anchored: true, objective: 'return_percent' });
            const windows = await rows(one, 'windows');
            assert.equal(windows.length, api.windows.length);
            api.windows.forEach((window, index) =>
                assert.ok(windows[index].includes(`fast ${window.parameters.fast}`), windows[index]));
            assert.match(await one.locator('section:has(#windows)').innerText(), /20 days in sample, or more .*by: Return percent/);
            assertQuiet(one);
            await one.context().close();
        });

        it('are compared: what is best is marked, what differs is named, and the wrong number is refused', async () => {
            const { strategies } = await platform.expect(200, 'GET', '/api/v1/strategies', { token: user.token });
            const { id } = strategies.find(strategy => strategy.name === 'By another rule');
            const other = await platform.expect(202, 'POST', `/api/v1/strategies/${id}/backtests`, { token: user.token,
                body: { start: `${start}T00:00:00Z`, cash: '70000', costs: { commission_per_order: '25' } } });
            await until('the other one', async () =>
                (await platform.expect(200, 'GET', `/api/v1/backtests/${other.id}`, { token: user.token })).status === 'completed');
            const one = await open(browser, platform, { state, scripts: false });
            await one.goto(`/strategies/${id}`);
            const boxes = one.getByRole('checkbox', { name: /^Compare the one from/ });
            assert.equal(await boxes.count(), 2);
            await boxes.first().check();
            await submit(one, 'Compare');
            assert.match(await one.locator('.form-problem').innerText(), /ids must be from 2 to 10 backtests/);
            await one.goBack();
            await boxes.first().check();
            await boxes.last().check();
            await submit(one, 'Compare');
            const ids = new URL(one.url()).searchParams.getAll('id');
            const api = await platform.expect(200, 'GET', `/api/v1/backtests:compare?ids=${ids}`, { token: user.token });
            assert.equal(await one.locator('.chart-box > svg polyline').count(), 3, 'two curves and the benchmark');
            const row = name => one.locator('section:has(#figures) tbody tr').filter({ has: one.getByText(name, { exact: true }) });
            const paid = api.backtests.map(backtest => Number(backtest.statistics.commission));
            assert.notEqual(paid[0], paid[1]);
            const best = await row('Commission').locator('td').nth(paid[0] < paid[1] ? 0 : 1).innerText();
            assert.match(best, /^★ 0\.00/);
            assert.equal(await row('Commission').locator('.is-best').count(), 1);
            assert.equal(await row('Bars').locator('.is-best').count(), 0);
            assert.deepEqual((await rows(one, 'differences')).map(text => text.split(/\s*\t/)[0]).length, api.differences.length);
            assert.match((await rows(one, 'differences')).join('\n'), /^Cash\t.*70000\.00/m);
            await one.getByText('The curves as a table').click();
            assert.equal((await rows(one, 'curves')).length, api.curve.length);
            const table = await one.request.get(await one.getByRole('link', { name: /CSV/ }).getAttribute('href'));
            assert.equal((await table.text()).trim().split('\n').length, 3);
            await one.goto(`/backtests/compare?${Array.from({ length: 11 }, (_, n) => `id=0195d3a0-0000-7000-8000-0000000000${10 + n}`).join('&')}`);
            assert.match(await one.locator('.form-problem').innerText(), /ids must be from 2 to 10 backtests/);
            assertQuiet(one);
            await one.context().close();
        });

        it('trade on paper until they are stopped, without scripts', async () => {
            const one = await open(browser, platform, { state, scripts: false });
            await one.goto('/strategies');
            await one.getByRole('link', { name: 'By another rule' }).click();
            await one.fill('#start-cash', 'much');
            await submit(one, 'Start it');
            assert.match(await one.locator('#start-cash-problem').innerText(), /decimal/);
            await one.fill('#start-cash', '2000');
            await one.fill('#start-max_daily_loss', '100');
            await submit(one, 'Start it');
            assert.match(await flash(one), /trades now/);
            assert.match(await one.locator('main').innerText(), /of 2,000\.00/);
            assert.match(await one.locator('main').innerText(), /of 100\.00/);
            await submit(one, 'Stop it');
            assert.match(await flash(one), /is stopped/);
            const [run] = (await platform.expect(200, 'GET', '/api/v1/strategy-runs', { token: user.token })).runs;
            assert.deepEqual([run.state, run.max_daily_loss], ['stopped', '100.00']);
            assert.match(await one.locator('.page-head').innerText(), /Stopped/);
            assert.equal(await one.getByRole('button', { name: 'Stop it' }).count(), 0);
            assertQuiet(one);
            await one.context().close();
        });

        it('have their rules checked as they are typed', async () => {
            const one = await open(browser, platform, { state });
            await one.goto('/strategies/new?kind=rule');
            await one.locator('#strategy-parameters-enter').pressSequentially('close > <img>');
            await one.locator('.rule-place mark').waitFor();
            assert.equal(await one.locator('.rule-place mark').innerText(), '<');
            assert.match(await one.locator('#strategy-parameters-enter-problem').innerText(), /^column 9: /m);
            await one.fill('#strategy-parameters-enter', 'close > 1');
            await one.locator('.rule-place').waitFor({ state: 'hidden' });
            assert.equal(await one.getAttribute('#strategy-parameters-enter', 'aria-invalid'), null);
            assertQuiet(one);
            await one.context().close();
        });
    });

    describe('another site', () => {
        const type = { 'content-type': 'application/x-www-form-urlencoded' };
        let cookie, form;

        before(async () => {
            await platform.trader('victim');
            const reply = await fetch(`${platform.url}/login`, { method: 'POST', redirect: 'manual', headers: type,
                body: new URLSearchParams({ username: 'victim', password: PASSWORD }) });
            assert.equal(reply.status, 303);
            cookie = setCookies(reply).map(one => one.split(';')[0]).find(one => one.startsWith('bourse_session='));
            const page = await (await fetch(`${platform.url}/settings`, { headers: { cookie } })).text();
            form = /name="csrf_token" value="([^"]+)"/.exec(page)[1];
        });

        const post = (path, fields, headers = {}) => fetch(platform.url + path, { method: 'POST', redirect: 'manual',
            headers: { ...type, cookie, ...headers }, body: new URLSearchParams(fields) });

        it('cannot send a form of ours: without the token, with another one, or with the browser saying so', async () => {
            const fields = { first_name: 'Mallory' };
            assert.equal((await post('/settings/profile', fields)).status, 403);
            assert.equal((await post('/settings/profile', { ...fields, csrf_token: 'x'.repeat(22) })).status, 403);
            assert.equal((await post('/settings/profile', { ...fields, csrf_token: form }, { origin: 'https://evil.example' })).status, 403);
            assert.equal((await post('/settings/profile', { ...fields, csrf_token: form }, { 'sec-fetch-site': 'cross-site' })).status, 403);
            // The header is for JSON; a form has it in its field.
            assert.equal((await post('/settings/profile', fields, { 'x-csrf-token': form })).status, 403);
            assert.equal((await post('/settings/profile', { ...fields, csrf_token: form })).status, 303);
        });

        it('cannot log anybody in, register or change the theme', async () => {
            for (const [path, fields] of [['/login', { username: 'victim', password: PASSWORD }], ['/theme', { theme: 'dark' }],
                ['/register', { username: 'planted', email: 'planted@example.org', password: PASSWORD }]]) {
                const reply = await post(path, fields, { origin: 'https://evil.example' });
                assert.equal(reply.status, 403, path);
                assert.deepEqual(setCookies(reply).filter(one => !/Max-Age=0/.test(one)), [], path);
            }
        });

        it('cannot have anybody sent to it: a Location is a page of ours', async () => {
            const targets = ['//evil.example', '/\\evil.example', 'https://evil.example', '/%5cevil.example', '/a/../..//evil', '/api/v1/clock', '/docs/',
                '/nothing', '/logout', '/dashboard#x', ' /dashboard', 'dashboard'];
            const split = await post('/login', { username: 'victim', password: PASSWORD, next: '/\r\nLocation: https://evil.example' });
            assert.equal(split.status, 400);
            assert.equal(split.headers.get('location'), null);
            for (const next of targets) {
                const reply = await post('/login', { username: 'victim', password: PASSWORD, next });
                assert.equal(reply.headers.get('location'), '/dashboard', next);
                const page = await (await fetch(`${platform.url}/login?next=${encodeURIComponent(next)}`)).text();
                assert.doesNotMatch(page.split('<footer')[0], /name="next"/, next);
            }
            const { headers } = await post('/login', { username: 'victim', password: PASSWORD, next: '/orders?status=all' });
            assert.equal(headers.get('location'), '/orders?status=all');
        });

        it('cannot have a page say anything: a flash that is not ours is not shown', async () => {
            const text = Buffer.from(`d${Math.floor(Date.now() / 1000) + 50} Send your password to evil.example`).toString('base64url');
            const page = await (await fetch(platform.url, { headers: { cookie: `bourse_flash=${text}.${'x'.repeat(22)}` } })).text();
            assert.doesNotMatch(page, /evil\.example/);
        });

        it('may not put a page into a frame, nor keep one', async () => {
            const reply = await fetch(`${platform.url}/settings`, { headers: { cookie } });
            assert.match(reply.headers.get('content-security-policy'), /default-src 'none'; script-src 'self'; style-src 'self';.*form-action 'self'; frame-ancestors 'none'/);
            assert.equal(reply.headers.get('cache-control'), 'no-store');
        });
    });
});
