// SPDX-License-Identifier: MIT
// The images and deploy/compose.yaml, with an engine of the test's own: everything that docs/deploy.md tells a person to type,
// and what happens when containers are killed, cut off, scaled and replaced.
//
// The services' images are made of the release build on this machine, which the test brings up to date, so that nothing is
// compiled twice; with BOURSE_TEST_CONTAINERS=images the Dockerfile compiles them, as it does for everybody else.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';

import { Platform, root, services, until } from '../support/platform.mjs';
import { freePorts } from '../support/ports.mjs';
import { Stream } from '../support/web_socket.mjs';
import { Engine, missing } from './engine.mjs';
import { buildPrograms, ensureBase, importPrometheus } from './images.mjs';
import { Load } from './load.mjs';

const run = promisify(execFile);
const project = `bourse-test-${process.pid}`;
const guide = readFileSync(join(root, 'docs/deploy.md'), 'utf8');
const commands = [...guide.matchAll(/```sh\n([^]*?)```/g)].flatMap(block => block[1].trim().split('\n'));
const typed = new Set();
const skip = missing() ?? false;
const compilesInside = process.env.BOURSE_TEST_CONTAINERS === 'images';
const compose = ['-f', 'deploy/compose.yaml'];
const REPLICAS = 3;
const scaled = services.filter(service => service !== 'market'); // which is one process
const counts = Object.fromEntries(services.map(service => [service, scaled.includes(service) ? REPLICAS : 1]));

let engine;
let env;
let port; // the first of the gateways' range
let platform; // a client of the containers' API, and nothing else of a platform
let user;
const acknowledged = [];

// Runs a command of the guide, as it stands there.
async function type(command) {
    assert.ok(commands.includes(command), `docs/deploy.md does not have: ${command}`);
    typed.add(command);
    const { stdout } = await run('bash', ['-c', command], { env, cwd: root, maxBuffer: 64 << 20 });
    return stdout.trim();
}

// The lines of `docker ps` for a service's containers, or for all of the project.
async function list(format, service) {
    const filters = [`label=com.docker.compose.project=${project}`, ...service ? [`label=com.docker.compose.service=${service}`] : []];
    const lines = await engine.docker('ps', '-a', '--no-trunc', '--format', format, ...filters.flatMap(filter => ['--filter', filter]));
    return lines.split('\n').filter(line => line !== '').sort();
}

async function inspect(...ids) {
    return JSON.parse(await engine.docker('inspect', ...ids));
}

// The containers of a service, as the engine describes them.
async function containers(service) {
    return inspect(...await list('{{.ID}}', service));
}

function allHealthy(expected = {}) {
    return until('all containers to be healthy', async () => {
        const lines = await list('{{.Label "com.docker.compose.service"}} {{.Status}}');
        return services.every(service => lines.filter(line => line.startsWith(`${service} `)).length === (expected[service] ?? 1) &&
            lines.filter(line => line.startsWith(`${service} `)).every(line => line.includes('(healthy)')));
    }, 120);
}

// Where the first gateway is: it may have come back at another port of the range.
async function findGateway() {
    const [{ NetworkSettings }] = await containers('gateway');
    platform.url = `http://127.0.0.1:${NetworkSettings.Ports['8080/tcp'][0].HostPort}`;
}

// Buys a little, once, as the key has it.
async function buy(base, key) {
    const reply = await fetch(`${base}/api/v1/portfolios/${user.portfolio}/orders`, { method: 'POST', signal: AbortSignal.timeout(15000),
        headers: { authorization: `Bearer ${user.token}`, 'content-type': 'application/json', 'idempotency-key': key },
        body: JSON.stringify({ ticker: 'AAPL', side: 'buy', quantity: '0.001', client_order_id: key }) });
    return { status: reply.status, body: await reply.text() };
}

// Buys as a careful client does, who asks again with the same key until he has an answer.
async function buyAtLast() {
    const key = randomUUID();
    await until('an order to be acknowledged', async () => {
        const { status, body } = await buy(platform.url, key);
        return status === 201 || Promise.reject(new Error(`${status} ${body}`));
    }, 60);
    acknowledged.push(key);
}

async function listOrders() {
    const found = [];
    for (let page = ''; page !== undefined;) {
        const { orders, next_page_token: next } = await platform.expect(200, 'GET',
            `/api/v1/portfolios/${user.portfolio}/orders?status=all&limit=500${page && `&page_token=${encodeURIComponent(page)}`}`,
            { token: user.token });
        found.push(...orders);
        page = next;
    }
    return found;
}

// Everything that was acknowledged is there, once, and nothing else.
async function assertOrders() {
    const found = await until('all orders to be filled', async () => {
        const all = await listOrders();
        return all.every(order => order.status === 'filled') && all;
    });
    assert.deepEqual(found.map(order => order.client_order_id).sort(), [...acknowledged].sort());
}

// How many containers of each service Prometheus sees as up.
async function seenByPrometheus() {
    const reply = await fetch(`http://127.0.0.1:${env.BOURSE_PROMETHEUS_PORT}/api/v1/query?query=sum by (service) (up)`);
    return Object.fromEntries((await reply.json()).data.result.map(({ metric, value }) => [metric.service, Number(value[1])]));
}

before(async () => {
    if (skip)
        return;
    engine = await Engine.start();
    if (engine.why)
        return;
    // A port for each gateway that there will be, and Prometheus'.
    port = await freePorts(REPLICAS + 1);
    env = { ...engine.env, COMPOSE_PROJECT_NAME: project, BOURSE_SECRETS: join(engine.folder, 'secrets'), BOURSE_VERSION: '0.1.0',
        BOURSE_PORT: `${port}-${port + REPLICAS - 1}`, BOURSE_PROMETHEUS_PORT: String(port + REPLICAS),
        COMPOSE_HTTP_TIMEOUT: '300' };
}, { timeout: 120000 });

after(async () => {
    try {
        if (env)
            await run('docker-compose', [...compose, '--profile', 'prometheus', 'down', '-v', '-t', '1'], { env, cwd: root });
    } finally {
        await engine?.stop?.();
    }
}, { timeout: 120000 });

function step(name, timeout, body) {
    test(name, { timeout, skip }, async context => {
        if (engine.why)
            return context.skip(`no engine can be started here: ${engine.why}`);
        return body(context);
    });
}

step('the images are small, say what they are, and have nobody but an ordinary user', 1800000, async () => {
    if (compilesInside)
        await ensureBase(engine, []);
    else
        [env.BOURSE_PROGRAMS] = await Promise.all([buildPrograms(), ensureBase(engine, ['postgresql'])]);
    await type('deploy/docker/build.sh --network host');
    await Promise.all(services.map(async service => {
        const [image] = await inspect(`bourse/${service}:0.1.0`);
        console.log(`${service}: ${(image.Size / 1e6).toFixed(1)} MB`);
        assert.ok(image.Size < 30e6, `${service} has ${image.Size} bytes`);
        assert.equal(image.Config.User, '10001:10001');
        assert.equal(image.Config.Labels['org.opencontainers.image.title'], `bourse-${service}`);
        assert.equal(image.Config.Labels['org.opencontainers.image.version'], '0.1.0');
        assert.match(image.Config.Labels['org.opencontainers.image.revision'], /^[0-9a-f]+$/);
        assert.deepEqual(image.Config.Healthcheck.Test, ['CMD', '/bourse', 'healthcheck']);
        assert.match(await engine.docker('run', '--rm', '--network', 'none', `bourse/${service}:0.1.0`, '--version'), /^bourse-.* 0\.1\.0/);
        await assert.rejects(engine.docker('run', '--rm', '--network', 'none', '--entrypoint', '/bin/sh', `bourse/${service}:0.1.0`), /no such file/);
    }));
});

step('compose starts everything, each when what it needs is there', 180000, async () => {
    await type('deploy/secrets.sh compose');
    await type('docker-compose -f deploy/compose.yaml up -d');
    await allHealthy();
    await type('docker-compose -f deploy/compose.yaml ps');
    for (const { HostConfig, Config } of await inspect(...await list('{{.ID}}'))) {
        assert.equal(HostConfig.ReadonlyRootfs, true);
        assert.deepEqual(HostConfig.CapDrop, ['ALL']);
        assert.equal(Config.User, '10001:10001');
        assert.ok(HostConfig.Memory > 0 && HostConfig.PidsLimit > 0);
    }
    const [{ NetworkSettings }] = await containers('gateway');
    assert.equal(NetworkSettings.Ports['8080/tcp'][0].HostIp, '127.0.0.1');
    platform = new Platform();
    await findGateway();
});

step('a trade goes through the API and the stream', 60000, async () => {
    assert.match(await type('docker-compose -f deploy/compose.yaml run --rm auth create-administrator admin --if-none true'), /password/);
    user = await platform.trader('ada');
    const stream = await Stream.open(platform.url, { headers: { authorization: `Bearer ${user.token}` } });
    await stream.ask({ subscribe: ['quotes:AAPL', 'orders'] });
    await stream.wait('a price', message => message.type === 'quote' && message.ticker === 'AAPL');
    await buyAtLast();
    await stream.wait('the fill', message => message.type === 'order' && message.order.status === 'filled' &&
        message.order.client_order_id === acknowledged[0]);
    stream.close();
});

step('Prometheus comes up beside them', 60000, async context => {
    const image = await importPrometheus(engine);
    const command = 'docker-compose -f deploy/compose.yaml --profile prometheus up -d';
    if (!image) {
        typed.add(command); // as far as it can be
        return context.skip('there is no prometheus, which is in Debian\'s package of that name');
    }
    env.BOURSE_PROMETHEUS_IMAGE = image;
    await type(command);
    await until('Prometheus to answer', seenByPrometheus, 30);
});

step('a process that is killed is started again, and what was acknowledged is there', 180000, async () => {
    for (const service of services) {
        const [{ Id, State: { Pid } }] = await containers(service);
        await run('pkill', ['-KILL', '-P', String(Pid)]); // the program, below the container's init
        await until(`${service} to be another process`, async () => {
            const [{ State }] = await inspect(Id);
            return State.Running && State.Pid !== Pid;
        }, 30);
        await findGateway();
        await buyAtLast();
    }
    await allHealthy();
    await assertOrders();
});

step('a service that is cut off is answered for with 503, and is found again', 120000, async () => {
    const [{ Id }] = await containers('portfolio');
    const ask = () => platform.request('GET', '/api/v1/portfolios', { token: user.token });
    await engine.docker('network', 'disconnect', `${project}_default`, Id);
    const cut = performance.now();
    await until('a refusal', async () => (await ask()).status === 503, 30);
    const refused = performance.now();
    assert.equal((await ask()).status, 503);
    console.log(`the first refusal took ${Math.round(refused - cut)} ms, the next ${Math.round(performance.now() - refused)} ms`);
    const order = buyAtLast();
    await engine.docker('network', 'connect', '--alias', 'portfolio', `${project}_default`, Id);
    await order;
    await until('an answer', async () => (await ask()).status === 200, 60);
    await assertOrders();
});

step('three of each but market serve, and all are replaced under load without a failed request', 300000, async context => {
    await type('docker-compose -f deploy/compose.yaml up -d --scale auth=3 --scale portfolio=3 --scale trading=3 --scale gateway=3');
    await allHealthy(counts);
    const load = new Load(Array.from({ length: REPLICAS }, (_, number) => `http://127.0.0.1:${port + number}`), user);
    context.after(() => load.end()); // whatever fails meanwhile
    const allReady = () => until('all gateways to be seen', () => load.ready.length === REPLICAS, 30);
    await allReady();
    // One of each at a time, as a new version of all would be rolled out; market, of which there is no other, is away while
    // the second ones are replaced.
    for (let round = 0; round < REPLICAS; round += 1) {
        const ids = await Promise.all(scaled.map(async service => (await list('{{.ID}}', service))[round]));
        const markets = round === 1 ? await list('{{.ID}}', 'market') : [];
        await Promise.all(markets.map(id => engine.docker('stop', '-t', '40', id)));
        await Promise.all(ids.map(id => engine.docker('restart', '-t', '40', id)));
        await Promise.all(markets.map(id => engine.docker('start', id)));
        await allHealthy(counts);
        await allReady();
    }
    await load.end();
    acknowledged.push(...load.acknowledged);
    assert.deepEqual(load.failures.slice(0, 5), [], `${load.failures.length} of ${load.done} failed`);
    assert.ok(load.done > 500, `only ${load.done} requests`);
    console.log(`${load.done} requests during the restarts, none failed; the slowest took ${Math.round(load.slowest_ms)} ms`);
    await findGateway();
    await assertOrders();
    if (env.BOURSE_PROMETHEUS_IMAGE)
        await until('Prometheus to see all replicas', async () => assert.deepEqual(await seenByPrometheus(), counts) ?? true, 60);
});

step('down leaves nothing but the data, and every command of the guide has been typed', 120000, async () => {
    await type('docker-compose -f deploy/compose.yaml --profile prometheus down');
    assert.deepEqual(await list('{{.ID}}'), []);
    const left = (...command) => engine.docker(...command, '-q', '--filter', `label=com.docker.compose.project=${project}`);
    assert.equal(await left('network', 'ls'), '');
    assert.notEqual(await left('volume', 'ls'), '');
    await run('docker-compose', [...compose, 'down', '-v'], { env, cwd: root });
    assert.equal(await left('volume', 'ls'), '');
    assert.deepEqual(commands.filter(command => !typed.has(command)), []);
});
