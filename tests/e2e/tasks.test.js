// SPDX-License-Identifier: MIT
// The task monitor: what administrators see of the work queue, and what they can do about failed tasks.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { Platform, until } from '../support/platform.mjs';

describe('the task monitor', () => {
    const given = '0195d3a0-0000-7000-8000-00000000000a'; // a replacement that is given up
    let platform, admin, ada, filled, resting;

    before(async () => {
        platform = await Platform.start();
        admin = await platform.administrator();
        await platform.import('ACME', 'Date,Open,High,Low,Close,Volume\n2014-06-02,20,20,20,20,1000\n' +
            '2014-06-03,21,21,21,21,1000\n', admin);
        ada = await platform.trader('ada');
        await platform.step('2014-06-02T15:00:00Z', admin);
        filled = await place('1');
        await platform.step('2014-06-02T21:00:00Z', admin);
        resting = await place('2');
    });
    after(() => platform?.stop());

    const place = quantity => platform.expect(201, 'POST', `/api/v1/portfolios/${ada.portfolio}/orders`,
        { token: ada.token, body: { ticker: 'ACME', side: 'buy', quantity } });
    const get = path => platform.expect(200, 'GET', path, { token: admin });
    const task = async id => (await get('/api/v1/tasks?limit=500')).tasks.find(one => one.id === id);
    const order = id => platform.expect(200, 'GET', `/api/v1/orders/${id}`, { token: ada.token });
    const buyingPower = async () =>
        (await platform.expect(200, 'GET', `/api/v1/portfolios/${ada.portfolio}`, { token: ada.token })).buying_power;

    // What happens to a task that fails time and again for a reason of its own, without the twenty attempts.
    const fail = id => platform.query(`UPDATE trading.tasks SET state = 'failed', error = 'It broke.',
        attempts = 20, finished_at = now() WHERE id = '${id}'`);

    it('shows a task with its worker, its attempts and how long it took', async () => {
        const one = await until('the end of the task', async () => {
            // The row says so with the next transaction, or within half a second.
            const found = await task(filled.id);
            return found.state === 'completed' && found;
        });
        assert.equal(one.kind, 'order');
        assert.equal(one.queue, 'orders');
        assert.equal(one.attempts, 1);
        assert.equal(one.portfolio_id, ada.portfolio);
        assert.match(one.worker, new RegExp(`:${platform.pid('trading')}$`));
        assert.equal(one.resting, false);
        assert.ok(Date.parse(one.queued_at) <= Date.parse(one.finished_at));
        assert.ok(one.runtime_ms >= 0 && one.runtime_ms < 30000, String(one.runtime_ms));
        assert.deepEqual(await get(`/api/v1/tasks/${one.id}`), one);
        await platform.expect(404, 'GET', '/api/v1/tasks/0195d3a0-0000-7000-8000-000000000001', { token: admin });
    });

    it('shows an order that waits for a quote as a task that rests', async () => {
        const one = await task(resting.id);
        assert.equal(one.state, 'pending');
        assert.equal(one.resting, true);
        assert.equal(one.next_attempt_at, undefined);
        assert.equal(one.finished_at, undefined);
    });

    it('lists by state, queue, worker and time, page by page', async () => {
        const states = async query => (await get(`/api/v1/tasks${query}`)).tasks.map(one => one.state);
        assert.deepEqual(await states('?state=pending'), ['pending']);
        assert.deepEqual(await states('?state=completed&queue=orders'), ['completed']);
        assert.deepEqual(await states('?queue=none'), []);
        assert.deepEqual(await states('?worker=nobody:1'), []);
        assert.deepEqual(await states('?since=2100-01-01T00:00:00Z'), []);
        assert.equal((await states('?since=2014-01-01T00:00:00Z')).length, 2);
        const first = await get('/api/v1/tasks?limit=1');
        assert.equal(first.tasks[0].id, resting.id);
        const second = await get(`/api/v1/tasks?limit=1&page_token=${first.next_page_token}`);
        assert.equal(second.tasks[0].id, filled.id);
        assert.equal(second.next_page_token, undefined);
    });

    it('refuses a state that there is not, a limit of 501 and a page token of its own making', async () => {
        for (const [query, status, field] of [['?state=done', 422, 'state'], ['?limit=501', 422, 'limit'],
            ['?page_token=abc', 400, 'page_token']]) {
            const reply = await platform.request('GET', `/api/v1/tasks${query}`, { token: admin });
            assert.equal(reply.status, status, reply.text);
            assert.match(reply.text, new RegExp(field));
        }
    });

    it('sums up what waits, what was done, and how long that took', async () => {
        const queue = await until('the report of the worker', async () => {
            const { queues } = await get('/api/v1/tasks/summary');
            return queues[0].periods[1].completed >= 1 && queues[0];
        });
        assert.equal(queue.queue, 'orders');
        assert.equal(queue.resting, 1);
        assert.equal(queue.active, 0);
        assert.equal(queue.failed, 0);
        assert.deepEqual(queue.periods.map(period => period.minutes), [1, 60, 1440]);
        const hour = queue.periods[1];
        assert.equal(hour.completed, 1);
        assert.ok(Number(hour.runtime_p50_ms) > 0 && Number(hour.runtime_p50_ms) <= Number(hour.runtime_p99_ms));
        assert.equal(hour.rate, '0');
    });

    it('names the processes that work, since when, and what they have done', async () => {
        const { workers } = await get('/api/v1/workers');
        assert.equal(workers.length, 1);
        assert.equal(workers[0].online, true);
        assert.equal(workers[0].completed, 1);
        assert.equal(workers[0].active, 0);
        assert.ok(Date.parse(workers[0].started_at) <= Date.parse(workers[0].seen_at));
    });

    it('has nothing retried or removed that has not failed', async () => {
        for (const [method, path] of [['POST', `/api/v1/tasks/${resting.id}/retry`], ['DELETE', `/api/v1/tasks/${resting.id}`]]) {
            const reply = await platform.request(method, path, { token: admin });
            assert.equal(reply.status, 409, reply.text);
            assert.equal(reply.body.reason, 'TASK_NOT_FAILED');
            assert.match(reply.body.detail, /pending/);
        }
        await platform.expect(404, 'POST', '/api/v1/tasks/0195d3a0-0000-7000-8000-000000000001/retry', { token: admin });
    });

    it('has a failed task tried again, once for each key', async () => {
        await fail(filled.id);
        const failed = await get('/api/v1/tasks?state=failed');
        assert.deepEqual(failed.tasks.map(one => [one.id, one.error]), [[filled.id, 'It broke.']]);
        const headers = { 'Idempotency-Key': 'retry-1' };
        const first = await platform.request('POST', `/api/v1/tasks/${filled.id}/retry`, { token: admin, headers });
        assert.equal(first.status, 200, first.text);
        assert.equal(first.body.state, 'pending');
        assert.equal(first.body.attempts, 0);
        const again = await platform.request('POST', `/api/v1/tasks/${filled.id}/retry`, { token: admin, headers });
        assert.equal(again.headers.get('idempotent-replayed'), 'true');
        await until('the task to be done', async () => (await task(filled.id)).state === 'completed');
        const audit = await platform.expect(200, 'GET', `/api/v1/portfolios/${ada.portfolio}/audit`, { token: ada.token });
        assert.equal(audit.consistent, true, JSON.stringify(audit.differences));
    });

    it('does not remove the task of a fill that may not be booked', async () => {
        await fail(filled.id);
        const reply = await platform.request('DELETE', `/api/v1/tasks/${filled.id}`, { token: admin });
        assert.equal(reply.status, 409, reply.text);
        assert.equal(reply.body.reason, 'TASK_IS_NEEDED');
        assert.equal((await task(filled.id)).state, 'failed');
    });

    it('cancels the order of a task that is given up, and gives back what it held', async () => {
        const before = Number(await buyingPower());
        await fail(resting.id);
        const headers = { 'Idempotency-Key': 'remove-1' };
        await platform.expect(204, 'DELETE', `/api/v1/tasks/${resting.id}`, { token: admin, headers });
        await platform.expect(204, 'DELETE', `/api/v1/tasks/${resting.id}`, { token: admin, headers });
        assert.equal((await order(resting.id)).status, 'canceled');
        assert.equal(await task(resting.id), undefined);
        assert.ok(Number(await buyingPower()) > before);
        await platform.expect(404, 'DELETE', `/api/v1/tasks/${resting.id}`, { token: admin });
    });

    it('ends both orders when the task of a replacement is given up, and nothing is held for either', async () => {
        const old = await place('3');
        const id = given;
        await platform.query(`UPDATE trading.orders SET status = 'pending_replace' WHERE id = '${old.id}';
            INSERT INTO trading.orders SELECT (jsonb_populate_record(o, jsonb_build_object('id', '${id}', 'status', 'pending_new',
                'request_id', gen_random_uuid(), 'replaces', o.id, 'submitted_at', NULL))).* FROM trading.orders o WHERE id = '${old.id}';
            INSERT INTO trading.tasks SELECT (jsonb_populate_record(t, jsonb_build_object('id', '${id}', 'attempts', 20))).*
                FROM trading.tasks t WHERE id = '${old.id}'`);
        await fail(id);
        assert.equal((await platform.expect(422, 'DELETE', `/api/v1/orders/${old.id}`, { token: ada.token })).reason, 'ORDER_NOT_READY');
        await platform.expect(204, 'DELETE', `/api/v1/tasks/${id}`, { token: admin });
        assert.deepEqual([(await order(old.id)).status, (await order(id)).status], ['replaced', 'canceled']);
        assert.deepEqual(await platform.query(`SELECT order_id FROM audit.holds WHERE order_id IN ('${old.id}', '${id}')`), []);
        const [[unfinished]] = await platform.query(`SELECT count(*) FROM trading.tasks WHERE id = '${old.id}' AND state <> 'completed'`);
        assert.equal(unfinished, '0');
    });

    it('is in the audit log for what was done with it', async () => {
        await until('both events', async () => {
            const { events } = await get('/api/v1/audit-log?limit=500');
            const found = events.filter(one => one.action.startsWith('task.')).map(one => `${one.action} ${one.subject}`);
            return JSON.stringify(found.sort()) === JSON.stringify([`task.delete ${resting.id}`, `task.delete ${given}`, `task.retry ${filled.id}`].sort());
        });
    });

    it('shows a new worker after a death, and knows the old one', async () => {
        const old = (await get('/api/v1/workers')).workers[0].name;
        await platform.kill('trading');
        const workers = await until('the new worker', async () => {
            const reply = await platform.request('GET', '/api/v1/workers', { token: admin });
            return reply.status === 200 && reply.body.workers.length === 2 && reply.body.workers;
        });
        assert.equal(workers[1].name, old);
        assert.notEqual(workers[0].name, old);
        assert.equal(workers[0].completed, 0);
    });
});
