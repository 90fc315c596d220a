// SPDX-License-Identifier: MIT
// load: clients behind a balancer, who trade and look while the replicas behind it are replaced.
import { randomUUID } from 'node:crypto';

const CLIENTS = 4;
const LOOK_EVERY_MS = 500; // of the balancer
const LOOK_MS_MAX = 2000;
const THINK_MS = 250; // of a client, between two rounds: an account may place 600 orders a minute
const PATIENCE_MS = 15000;

export class Load {
    constructor(gateways, user) {
        Object.assign(this, { gateways, user, seen: [], ready: [], failures: [], acknowledged: [], done: 0, slowest_ms: 0, over: false });
        this.running = [this.balance(), ...Array.from({ length: CLIENTS }, (_, number) => this.trade(number))];
    }

    // One that says that it is not ready, or refuses, gets nothing more at once; one that is only slow does.
    async look(url) {
        try {
            const reply = await fetch(`${url}/healthz`, { signal: AbortSignal.timeout(LOOK_MS_MAX) });
            return { url, ready: reply.ok, said: `${reply.status} ${await reply.text()}` };
        } catch (error) {
            return { url, ready: error.name === 'TimeoutError' && this.ready.includes(url), said: error.cause?.message ?? error.message };
        }
    }

    // What any proxy does: asks each gateway whether it is ready, and sends requests to those that are.
    async balance() {
        while (!this.over) {
            this.seen = await Promise.all(this.gateways.map(url => this.look(url)));
            this.ready = this.seen.filter(one => one.ready).map(one => one.url);
            await new Promise(next => setTimeout(next, LOOK_EVERY_MS));
        }
    }

    async ask(status, path, headers = {}, body = undefined) {
        const url = this.ready[this.done % this.ready.length];
        const begun = performance.now();
        this.done += 1;
        try {
            if (url === undefined)
                throw new Error(`no gateway is ready: ${JSON.stringify(this.seen)}`);
            const reply = await fetch(`${url}/api/v1/${path}`, { method: body ? 'POST' : 'GET', body, signal: AbortSignal.timeout(PATIENCE_MS),
                headers: { authorization: `Bearer ${this.user.token}`, ...headers } });
            const text = await reply.text();
            if (reply.status !== status)
                throw new Error(`${reply.status} ${text}`);
        } catch (error) {
            this.failures.push(`${path} at ${url}: ${error.message} ${error.cause?.message ?? ''}`);
            return false;
        } finally {
            this.slowest_ms = Math.max(this.slowest_ms, performance.now() - begun);
        }
        return true;
    }

    async trade() {
        const { portfolio } = this.user;
        while (!this.over) {
            if (this.seen.length > 0) {
                const key = randomUUID();
                if (await this.ask(201, `portfolios/${portfolio}/orders`, { 'content-type': 'application/json', 'idempotency-key': key },
                    JSON.stringify({ ticker: 'AAPL', side: 'buy', quantity: '0.001', client_order_id: key })))
                    this.acknowledged.push(key);
                await this.ask(200, 'quotes/AAPL');
                await this.ask(200, `portfolios/${portfolio}/positions`);
                await this.ask(200, 'auth/session');
            }
            await new Promise(next => setTimeout(next, THINK_MS));
        }
    }

    async end() {
        this.over = true;
        await Promise.all(this.running);
    }
}
