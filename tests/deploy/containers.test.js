// SPDX-License-Identifier: MIT
// The images and deploy/compose.yaml, with an engine of the test's own: everything that docs/deploy.md tells a person to type,
// and what happens when containers are killed and cut off.
import assert from 'node:assert/strict';
import { execFile, execFileSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import { Platform, freePort, root, services, until } from '../support/platform.mjs';
import { Stream } from '../support/web_socket.mjs';
import { Engine, missing } from './engine.mjs';

const run = promisify(execFile);
const project = `bourse-test-${process.pid}`;
const guide = readFileSync(join(root, 'docs/deploy.md'), 'utf8');
const commands = [...guide.matchAll(/```sh\n([^]*?)```/g)].flatMap(block => block[1].trim().split('\n'));
const typed = new Set();
const skip = missing() ?? false;

let engine;
let env;
let platform; // a client of the containers' API, and nothing else of a platform
let user;

// Runs a command of the guide, as it stands there.
async function type(command) {
    assert.ok(commands.includes(command), `docs/deploy.md does not have: ${command}`);
    typed.add(command);
    const { stdout } = await run('bash', ['-c', command], { env, cwd: root, maxBuffer: 64 << 20 });
    return stdout.trim();
}

function containers(service) {
    return engine.docker('ps', '-q', '--filter', `label=com.docker.compose.project=${project}`,
        '--filter', `label=com.docker.compose.service=${service}`).split('\n').filter(id => id !== '');
}

function inspect(id) {
    return JSON.parse(engine.docker('inspect', id))[0];
}

function allHealthy(counts = {}) {
    return until('all containers to be healthy', () => services.every(service => {
        const ids = containers(service);
        return ids.length === (counts[service] ?? 1) && ids.every(id => inspect(id).State.Health?.Status === 'healthy');
    }), 120);
}

async function order(base = platform.url, quantity = '1') {
    const key = randomUUID();
    const reply = await fetch(`${base}/api/v1/portfolios/${user.portfolio}/orders`, { method: 'POST', signal: AbortSignal.timeout(15000),
        headers: { authorization: `Bearer ${user.token}`, 'content-type': 'application/json', 'idempotency-key': key },
        body: JSON.stringify({ ticker: 'AAPL', side: 'buy', quantity }) });
    return { status: reply.status, body: await reply.text(), closes: reply.headers.get('connection') === 'close' };
}

before(async () => {
    if (skip)
        return;
    engine = await Engine.start();
    if (engine.why)
        return;
    const port = await freePort();
    env = { ...engine.env, COMPOSE_PROJECT_NAME: project, BOURSE_SECRETS: join(engine.folder, 'secrets'), BOURSE_PORT: String(port),
        BOURSE_VERSION: '0.1.0', COMPOSE_HTTP_TIMEOUT: '300' };
}, { timeout: 60000 });

after(async () => {
    if (!engine)
        return;
    if (!engine.why)
        execFileSync('docker-compose', ['-f', 'deploy/compose.yaml', 'down', '-v', '-t', '1'], { env, cwd: root, stdio: 'ignore' });
    await engine.stop?.();
}, { timeout: 120000 });

function step(name, timeout, body) {
    test(name, { timeout, skip }, async context => {
        if (engine.why)
            return context.skip(`no engine can be started here: ${engine.why}`);
        return body(context);
    });
}

step('the images are small, say what they are, and have nobody but an ordinary user', 1800000, async () => {
    engine.ensureBase();
    await type('deploy/docker/build.sh --network host');
    for (const service of services) {
        const image = JSON.parse(engine.docker('image', 'inspect', `bourse/${service}:0.1.0`))[0];
        assert.ok(image.Size < 30e6, `${service} has ${image.Size} bytes`);
        assert.equal(image.Config.User, '10001:10001');
        assert.equal(image.Config.Labels['org.opencontainers.image.version'], '0.1.0');
        assert.match(image.Config.Labels['org.opencontainers.image.revision'], /^[0-9a-f]+$/);
        assert.match(engine.docker('run', '--rm', '--network', 'none', `bourse/${service}:0.1.0`, '--version'), /^bourse-.* 0\.1\.0/);
        assert.throws(() => engine.docker('run', '--rm', '--network', 'none', '--entrypoint', '/bin/sh', `bourse/${service}:0.1.0`));
    }
});

step('compose starts everything, each when what it needs is there', 180000, async () => {
    await type('deploy/secrets.sh compose');
    await type('docker-compose -f deploy/compose.yaml up -d');
    await allHealthy();
    await type('docker-compose -f deploy/compose.yaml ps');
    const [gateway] = containers('gateway');
    const config = inspect(gateway);
    assert.equal(config.HostConfig.ReadonlyRootfs, true);
    assert.deepEqual(config.HostConfig.CapDrop, ['ALL']);
    const [{ HostIp, HostPort }] = config.NetworkSettings.Ports['8080/tcp'];
    assert.equal(HostIp, '127.0.0.1');
    platform = Object.assign(new Platform(), { url: `http://127.0.0.1:${HostPort}` });
});

step('a trade goes through the API and the stream', 60000, async () => {
    assert.match(await type('docker-compose -f deploy/compose.yaml run --rm auth create-administrator admin --if-none true'), /password/);
    user = await platform.trader('ada');
    const stream = await Stream.open(platform.url, { headers: { authorization: `Bearer ${user.token}` } });
    await stream.ask({ subscribe: ['quotes:AAPL'] });
    await stream.wait('a price', message => message.type === 'quote' && message.ticker === 'AAPL');
    const reply = await order();
    assert.equal(reply.status, 201, reply.body);
    stream.close();
});

step('a process that is killed is started again, and what was acknowledged is there', 120000, async () => {
    for (const service of ['trading', 'portfolio']) {
        const [id] = containers(service);
        const { Pid } = inspect(id).State;
        execFileSync('pkill', ['-KILL', '-P', String(Pid)]); // the program, below the container's init
        await until(`${service} to be another process`, () => inspect(id).State.Pid !== Pid && inspect(id).State.Running, 30);
    }
    await allHealthy();
    const orders = await until('the orders', () =>
        platform.expect(200, 'GET', `/api/v1/portfolios/${user.portfolio}/orders`, { token: user.token }));
    assert.equal(orders.orders.length, 1);
    assert.equal(orders.orders[0].status, 'filled');
});

step('a service that is cut off is answered for with 503, and is found again', 120000, async () => {
    const [id] = containers('portfolio');
    engine.docker('network', 'disconnect', `${project}_default`, id);
    const asked = Date.now();
    await until('a refusal', async () => (await platform.request('GET', '/api/v1/portfolios', { token: user.token })).status === 503, 30);
    assert.ok(Date.now() - asked < 30000);
    engine.docker('network', 'connect', '--alias', 'portfolio', `${project}_default`, id);
    await until('an answer', async () => (await platform.request('GET', '/api/v1/portfolios', { token: user.token })).status === 200, 60);
});

step('down leaves no container, and every command of the guide has been typed', 120000, async () => {
    await type('docker-compose -f deploy/compose.yaml down');
    assert.deepEqual(services.flatMap(containers), []);
    assert.deepEqual(commands.filter(command => !typed.has(command)), []);
});
