// SPDX-License-Identifier: MIT
// observability: what operators see of a running platform. Metrics are those that alerts, dashboard and docs speak
// of; a request is one tree of spans through all services, and its collector may be as slow or dead as it likes;
// logs name the trace and can be made to say everything.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer, get } from 'node:http';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { Platform, root, services, until } from '../support/platform.mjs';
import { ProviderServer } from '../support/providers.mjs';

const read = name => readFileSync(join(root, name), 'utf8');
const alerts = read('deploy/prometheus/alerts.yml');
const dashboard = JSON.parse(read('deploy/grafana/bourse.json'));
const page = read('docs/observability.md');

const promtool = ['promtool', join(root, 'build/promtool/usr/bin/promtool')]
    .find(program => spawnSync(program, ['--version']).status === 0);
const withPromtool = { skip: promtool ? false : 'there is no promtool, which is in Debian\'s package prometheus' };

// A collector of traces that can be told to answer late, never or not at all.
class Collector {
    static async start() {
        const collector = new Collector();
        collector.spans = [];
        collector.open = [];
        collector.hangs = false;
        collector.server = createServer((request, reply) => collector.take(request, reply));
        await collector.listen(0);
        collector.port = collector.server.address().port;
        return collector;
    }

    listen(port) {
        return new Promise(done => this.server.listen(port, '127.0.0.1', done));
    }

    async take(request, reply) {
        const parts = [];
        for await (const part of request)
            parts.push(part);
        if (this.hangs) {
            this.open.push(reply);
            return;
        }
        assert.equal(`${request.method} ${request.url} ${request.headers['content-type']}`, 'POST /v1/traces application/json');
        for (const { resource, scopeSpans } of JSON.parse(Buffer.concat(parts)).resourceSpans)
            for (const span of scopeSpans.flatMap(scope => scope.spans))
                this.spans.push({ ...span, service: valueOf(resource, 'service.name'), instance: valueOf(resource, 'service.instance.id') });
        reply.setHeader('content-type', 'application/json');
        reply.end('{}');
    }

    die() {
        return new Promise(done => {
            this.server.close(done);
            this.server.closeAllConnections?.();
            this.open.forEach(reply => reply.destroy());
            this.open = [];
        });
    }

    ofTrace(id) {
        return this.spans.filter(span => span.traceId === id);
    }
}

function valueOf(owner, key) {
    const value = owner.attributes.find(attribute => attribute.key === key)?.value;
    return value?.stringValue ?? value?.intValue;
}

// {metric: {type, help, labels: Set}} of a text in Prometheus' format; a histogram's series by their own names.
function parseMetrics(text) {
    const found = new Map();
    const add = (name, type) => found.set(name, { type, labels: new Set(type === 'histogram' ? ['le'] : []), samples: [] });
    let help;
    for (const line of text.trimEnd().split('\n')) {
        const [, kind, name, rest] = /^# (HELP|TYPE) (\S+) (.+)$/.exec(line) ?? [];
        if (kind === 'HELP') {
            help = name;
        } else if (kind === 'TYPE') {
            assert.equal(name, help, 'a metric has help before its type');
            assert.ok(!found.has(name), `${name} is there twice`);
            for (const series of rest === 'histogram' ? ['_bucket', '_sum', '_count'].map(end => name + end) : [name])
                add(series, rest);
        } else {
            const [, series, labels, value] = /^([a-z_]+)(?:\{(.*)\})? (-?[0-9.]+)$/.exec(line) ?? assert.fail(line);
            const metric = found.get(series) ?? assert.fail(`${series} has no type`);
            const pairs = [...(labels ?? '').matchAll(/([a-z_]+)="((?:[^"\\]|\\.)*)"/g)];
            pairs.forEach(([, label]) => metric.labels.add(label));
            metric.samples.push({ value: Number(value), labels: Object.fromEntries(pairs.map(([, label, text]) => [label, text])) });
        }
    }
    return found;
}

// What a PromQL expression speaks of: [{name, labels}]. Good for those of ours: no subquery, no offset.
function metricsOf(expression) {
    const words = new Set(['by', 'or', 'and', 'on', 'sum', 'rate', 'max', 'min', 'count', 'topk', 'time', 'increase', 'changes', 'absent', 'histogram_quantile', 'min_over_time']);
    const bare = expression.replace(/\b(by|on) \(([^)]*)\)/g, '').replace(/\[[^\]]*\]/g, '');
    return [...bare.matchAll(/([a-z_]+)(?:\{([^}]*)\})?/g)].filter(([, name]) => /^[a-z]/.test(name) && !words.has(name))
        .map(([, name, selector]) => ({ name, labels: [...(selector ?? '').matchAll(/([a-z_]+)\s*(?:=~|!~|!=|=)/g)].map(match => match[1]) }));
}

const grouped = expression => [...expression.matchAll(/\b(?:by|on) \(([^)]+)\)/g)].flatMap(match => match[1].split(/,\s*/));

// Expressions of alerts.yml, those over several lines too.
const alertExpressions = [...alerts.matchAll(/- alert: (\w+)\n(?:\s+#.*\n)?\s+expr: (?:>-\n((?:\s{10}.+\n)+)|(.+)\n)/g)]
    .map(([, name, folded, single]) => [name, (folded ?? single).trim().replace(/\s+/g, ' ')]);
const panels = dashboard.panels.flatMap(panel => (panel.targets ?? []).map(target => [panel.title, target.expr]));

// What Prometheus itself adds.
const own = new Set(['job', 'instance', 'service']);

describe('a platform that is watched', () => {
    let platform, collector, providers, trader, metrics;

    // The status of a GET over a connection of its own: one that is kept may be closed just when it is used again.
    const statusOf = (path, headers = {}) => new Promise((done, fail) => {
        get(platform.url + path, { agent: false, headers }, reply => reply.resume().on('end', () => done(reply.statusCode))).on('error', fail);
    });

    const admin = service => `http://127.0.0.1:${platform.ports(service)[1]}/metrics`;
    const scrape = async service => (await fetch(admin(service))).text();

    before(async () => {
        collector = await Collector.start();
        providers = await ProviderServer.start();
        platform = await Platform.start({ options: ['--market', 'live'], env: { ...providers.settings(), BOURSE_PROVIDERS: 'yahoo',
            BOURSE_PROVIDER_LIMITS: 'yahoo=600/10000', OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${collector.port}`,
            BOURSE_LOG_LEVEL: 'info', BOURSE_HISTORY_DATABASE: 'host=127.0.0.1 port=1' } }); // a standby that is not there
        trader = await platform.trader('ada');
        const { symbols } = await platform.expect(200, 'GET', '/api/v1/symbols?limit=50');
        const now = Date.now();
        for (const { ticker } of symbols)
            providers.quotes.set(`yahoo ${ticker}`, { price: 100, open: 99, high: 102, low: 97, previous: 98, volume: 1000, at: now - 60e3 });
        await platform.request('GET', `/api/v1/quotes/${symbols[0].ticker}`);
        await platform.request('GET', `/api/v1/quotes/${symbols[0].ticker}`, { token: 'nonsense' });
        trader.ticker = symbols[0].ticker;
        // Counted at the next report of trading, which is made every few seconds.
        await until('the depth of the queues', async () => (await scrape('trading')).includes('bourse_trading_tasks{'));
        const texts = await Promise.all(services.map(scrape));
        metrics = new Map();
        for (const text of texts)
            for (const [name, metric] of parseMetrics(text)) {
                const known = metrics.get(name) ?? metric;
                metric.labels.forEach(label => known.labels.add(label));
                metrics.set(name, known);
            }
        texts.forEach((text, index) => writeFileSync(join(platform.data, `${services[index]}.metrics`), text));
    });

    after(async () => {
        await platform?.stop();
        await providers?.stop();
        await collector?.die();
    });

    it('has metrics that promtool finds nothing wrong with', withPromtool, () => {
        for (const service of services) {
            const { status, stdout, stderr } = spawnSync(promtool, ['check', 'metrics'],
                { input: readFileSync(join(platform.data, `${service}.metrics`)), encoding: 'utf8' });
            assert.equal(`${status} ${stdout}${stderr}`, '0 ', service);
        }
    });

    it('has every metric, with its labels, that an alert or a panel of the dashboard asks for', () => {
        assert.ok(alertExpressions.length === [...alerts.matchAll(/- alert:/g)].length && panels.length > 40);
        const faults = [];
        for (const [where, expression] of [...alertExpressions, ...panels]) {
            const asked = metricsOf(expression);
            assert.ok(asked.length > 0, `${where}: ${expression}`);
            const known = new Set(own);
            for (const { name, labels } of asked) {
                const metric = name === 'up' ? { labels: own } : metrics.get(name);
                if (!metric) {
                    faults.push(`${where}: there is no ${name}`);
                    continue;
                }
                metric.labels.forEach(label => known.add(label));
                if (metric.labels.size > 0)
                    faults.push(...labels.filter(label => !own.has(label) && !metric.labels.has(label)).map(label => `${where}: ${name} has no ${label}`));
            }
            const unlabelled = asked.some(({ name }) => metrics.get(name)?.samples.length === 0);
            if (!unlabelled)
                faults.push(...grouped(expression).filter(label => !known.has(label)).map(label => `${where}: nothing has ${label}`));
        }
        assert.deepEqual(faults, []);
    });

    it('has every metric and alert in the docs, and no others are there', () => {
        const names = new Set([...metrics].map(([name, { type }]) => type === 'histogram' ? name.replace(/_[a-z]+$/, '') : name));
        const told = new Set([...page.slice(0, page.indexOf('## Alerts')).matchAll(/^\| `([a-z_]+)`/gm)].map(match => match[1]));
        assert.deepEqual([...names].filter(name => !told.has(name)), [], 'not in docs/observability.md');
        assert.deepEqual([...told].filter(name => !names.has(name)), [], 'only in docs/observability.md');
        const alertsTold = [...page.matchAll(/^\| `(Bourse\w+)`/gm)].map(match => match[1]);
        assert.deepEqual(alertsTold, alertExpressions.map(([name]) => name));
    });

    it('has alert rules that are valid, and each fires when it should and only then', withPromtool, () => {
        const folder = { cwd: join(root, 'deploy/prometheus'), encoding: 'utf8' };
        for (const operands of [['check', 'config', 'prometheus.yml'], ['check', 'rules', 'alerts.yml'], ['test', 'rules', 'alerts_test.yml']]) {
            const { status, stdout, stderr } = spawnSync(promtool, operands, folder);
            assert.equal(status, 0, stdout + stderr);
        }
        const tests = read('deploy/prometheus/alerts_test.yml');
        for (const [name] of alertExpressions)
            assert.equal([...tests.matchAll(new RegExp(`alertname: ${name}\\b`, 'g'))].length, 2, `${name} has a test of each kind`);
    });

    it('counts requests by method and template, whatever is in the address', async () => {
        const ids = Array.from({ length: 30 }, (_, index) => `0190a5f0-7c3e-7abc-8def-0123456789${String(index).padStart(2, '0')}`);
        for (const id of ids) {
            assert.equal(await statusOf(`/api/v1/orders/${id}`, { authorization: `Bearer ${trader.token}` }), 404);
            assert.equal(await statusOf(`/nothing/${id}`), 404);
        }
        assert.ok(await platform.metric('gateway', 'http_requests_total{route="GET /api/v1/orders/{order_id}",status="404"}') >= 30);
        assert.ok(await platform.metric('gateway', 'http_requests_total{route="other",status="404"}') >= 30);
        assert.doesNotMatch(await scrape('gateway'), /0190a5f0/);
    });

    // The spans of a request once all are there: each has its parent, each call its answer.
    async function tree(headers, send) {
        const reply = await send(headers);
        const [, trace, parent] = headers.traceparent.split('-');
        const spans = await until('the spans of the request', () => {
            const now = collector.ofTrace(trace);
            const has = (id, kind) => now.some(span => span.kind === kind && span.spanId === id);
            const isWhole = now.length > 0 && now.every(span => span.kind === 3
                ? has(span.parentSpanId, 2) && now.some(other => other.parentSpanId === span.spanId)
                : span.parentSpanId === parent || has(span.parentSpanId, 3));
            return isWhole && now;
        });
        return { reply, spans };
    }

    it('makes one tree of spans of a request through gateway, trading and portfolio', async () => {
        const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
        const began = BigInt(Date.now()) * 1000000n;
        const tracestate = 'rojo=00f067aa0ba902b7 , tenant@congo=t61';
        const { reply, spans } = await tree({ traceparent, tracestate }, headers => platform.request('POST', `/api/v1/portfolios/${trader.portfolio}/orders`,
            { token: trader.token, headers, body: { ticker: trader.ticker, side: 'buy', quantity: '1', type: 'limit', limit_price: '1', time_in_force: 'gtc' } }));
        const ended = BigInt(Date.now()) * 1000000n;
        assert.equal(reply.status, 201, reply.text);
        const byId = new Map(spans.map(span => [span.spanId, span]));
        assert.equal(byId.size, spans.length, 'no id twice');
        const roots = spans.filter(span => !byId.has(span.parentSpanId));
        assert.deepEqual(roots.map(span => [span.service, span.name, span.kind, span.parentSpanId]),
            [['gateway', 'POST /api/v1/portfolios/{portfolio_id}/orders', 2, 'b7ad6b7169203331']]);
        assert.equal(valueOf(roots[0], 'http.response.status_code'), '201');
        assert.equal(valueOf(roots[0], 'bourse.request_id'), reply.headers.get('x-request-id'));
        for (const span of spans) {
            const [start, end] = [BigInt(span.startTimeUnixNano), BigInt(span.endTimeUnixNano)];
            assert.ok(start >= began - 5000000n && start <= end && end <= ended, `${span.name}: ${start} to ${end}, of ${began} to ${ended}`);
            const parent = byId.get(span.parentSpanId);
            if (!parent)
                continue;
            // A service's span is in the caller's, which is another process's and of the same method.
            if (span.kind === 2)
                assert.ok(parent.kind === 3 && parent.name === span.name && parent.instance !== span.instance, span.name);
            else
                assert.ok(parent.kind === 2 && parent.instance === span.instance, span.name);
        }
        assert.deepEqual([...new Set(spans.map(span => span.traceState))], ['rojo=00f067aa0ba902b7,tenant@congo=t61']);
        const path = ['gateway POST', 'trading PlaceOrder', 'portfolio '];
        for (const part of path.map(each => each.split(' ')))
            assert.ok(spans.some(span => span.service === part[0] && span.kind === 2 && span.name.includes(part[1])), `${part}: ${spans.map(span => `${span.service} ${span.name}`)}`);
    });

    it('begins a new trace when none comes or a malformed one, and says which in the problem and the log', async () => {
        const given = ['', '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331', `00-${'0'.repeat(32)}-b7ad6b7169203331-01`];
        const traces = new Set();
        for (const traceparent of given) {
            const { body } = await platform.request('GET', '/api/v1/orders/nonsense', { token: trader.token, headers: traceparent === '' ? {} : { traceparent } });
            assert.match(body.trace_id, /^[0-9a-f]{32}$/);
            assert.doesNotMatch(body.trace_id, /^(0+|0af7651916cd43dd8448eb211c80319c)$/);
            traces.add(body.trace_id);
            const line = await until('the line', () => logOf('gateway').find(one => one.event === 'request' && one.trace_id === body.trace_id));
            assert.match(line.span_id, /^[0-9a-f]{16}$/);
            assert.equal(line.request_id, body.request_id);
        }
        assert.equal(traces.size, given.length);
        // One that says it is not sampled is passed on, and never exported.
        const { body } = await platform.request('GET', '/api/v1/orders/nonsense', { token: trader.token,
            headers: { traceparent: `00-${'c'.repeat(32)}-b7ad6b7169203331-00` } });
        assert.equal(body.trace_id, 'c'.repeat(32));
        assert.deepEqual(collector.ofTrace('c'.repeat(32)), []);
    });

    // What a command of the page prints that begins so, with this platform's folder.
    function typed(beginning) {
        const command = page.split('\n').find(line => line.startsWith(`    ${beginning}`));
        const { status, stdout, stderr } = spawnSync('bash', ['-c', command.replaceAll('var/', `${platform.data}/`)], { encoding: 'utf8' });
        assert.equal(status, 0, stderr);
        return stdout;
    }

    it('shows metrics to whoever types what the page says', () => {
        assert.match(typed('curl -s'), /^bourse_build_info\{/m);
    });

    function logOf(service) {
        return readFileSync(join(platform.data, 'log', `${service}.log`), 'utf8').split('\n').filter(line => line.startsWith('{')).map(line => JSON.parse(line));
    }

    it('logs every call after SIGUSR1, in the trace of its request, and as before after SIGUSR2', async () => {
        const ask = (digit) => platform.request('GET', '/api/v1/orders', { token: trader.token,
            headers: { traceparent: `00-${digit.repeat(32)}-b7ad6b7169203331-00` } });
        const callsOf = digit => logOf('trading').filter(line => line.event === 'call_done' && line.trace_id === digit.repeat(32));
        await ask('1');
        typed('kill -USR1');
        await until('the change', () => logOf('trading').some(line => line.event === 'log_level_changed' && line.shows === 'all'));
        await ask('2');
        const [line] = await until('the call\'s line', () => callsOf('2').length > 0 && callsOf('2'));
        assert.match(line.span_id, /^[0-9a-f]{16}$/);
        assert.match(line.method, /TradingService\/ListOrders$/);
        process.kill(platform.pid('trading'), 'SIGUSR2');
        await until('the change back', () => logOf('trading').some(one => one.shows === 'as set'));
        await ask('3');
        await ask('4');
        assert.deepEqual([callsOf('1').length, callsOf('3').length], [0, 0]);
        assert.ok((await fetch(admin('trading'))).ok, 'the service has gone on');
    });

    it('writes lines for people with LOG_FORMAT=text', () => {
        const { stderr } = spawnSync(join(root, 'build', process.env.BOURSE_PRESET ?? 'dev', 'bin/bourse-gateway'),
            ['--mesh-key-file', '/nowhere/mesh.key', ...services.slice(0, 4).flatMap(name => [`--${name}-address`, '127.0.0.1:1'])],
            { env: { PATH: process.env.PATH, LOG_FORMAT: 'text' }, encoding: 'utf8' });
        assert.match(stderr, /^[0-9-]+T[0-9:.]+Z error gateway cannot_start reason=INVALID_SETTING message="/m);
    });

    it('is not held up by a collector that hangs or is gone, and drops and counts what has no room', async () => {
        const dropped = async () => await platform.metric('gateway', 'trace_spans_dropped_total{cause="queue_full"}') +
            await platform.metric('gateway', 'trace_spans_dropped_total{cause="not_taken"}');
        const ask = async count => {
            const began = Date.now();
            for (let sent = 0; sent < count; sent += 50)
                for (const status of await Promise.all(Array.from({ length: 50 }, () => statusOf('/api/v1/symbols?limit=1'))))
                    assert.equal(status, 200);
            return (Date.now() - began) / count;
        };
        const wellMs = await ask(100);
        const before = await dropped();
        collector.hangs = true;
        await until('the collector to be asked', async () => {
            await ask(50);
            return collector.open.length > 0;
        });
        const hangsMs = await ask(1200);
        assert.ok(await dropped() > before, 'spans were dropped');
        await collector.die();
        const deadMs = await ask(100);
        // The machine may be busy, and a request that waited for the collector would take a second.
        for (const ms of [hangsMs, deadMs])
            assert.ok(ms < 20 * wellMs + 20, `${ms} ms a request instead of ${wellMs} ms`);
        collector.hangs = false;
        collector.spans = [];
        await collector.listen(collector.port);
        await until('spans to be taken again', async () => {
            await ask(50);
            return collector.spans.some(span => span.service === 'gateway');
        }, 40);
    });
});
