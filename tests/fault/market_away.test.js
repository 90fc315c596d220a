// SPDX-License-Identifier: MIT
// Orders while market is away for longer than trading takes for granted what a symbol is.
import assert from 'node:assert/strict';
import { after, it } from 'node:test';
import { Platform, until } from '../support/platform.mjs';

const SYMBOL_GOOD_MS = 30000;

let platform;

after(async () => {
    if (platform)
        process.kill(platform.pid('supervisor'), 'SIGCONT');
    await platform?.stop();
});

it('an order is taken for a symbol that was traded before, and is filled when market is back', async () => {
    platform = await Platform.start({ options: ['--market', 'simulated'] });
    const { token, portfolio } = await platform.trader('ada');
    const place = ticker => platform.request('POST', `/api/v1/portfolios/${portfolio}/orders`,
        { token, body: { ticker, side: 'buy', quantity: '0.001' } });
    await until('an order', async () => (await place('AAPL')).status === 201);
    const asked = Date.now();
    // Nobody starts it again meanwhile.
    process.kill(platform.pid('supervisor'), 'SIGSTOP');
    await platform.kill('market');
    await new Promise(passed => setTimeout(passed, asked + SYMBOL_GOOD_MS + 1000 - Date.now()));
    const orders = [];
    for (let i = 0; i < 3; i++) {
        const reply = await place('AAPL');
        assert.deepEqual([reply.status, reply.body.status], [201, 'new'], reply.text);
        orders.push(reply.body.id);
    }
    const stranger = await place('MSFT');
    assert.deepEqual([stranger.status, stranger.body.reason], [503, 'UNAVAILABLE'], stranger.text);
    process.kill(platform.pid('supervisor'), 'SIGCONT');
    for (const id of orders)
        await until('the fill', async () =>
            (await platform.expect(200, 'GET', `/api/v1/orders/${id}`, { token })).status === 'filled', 60);
});
