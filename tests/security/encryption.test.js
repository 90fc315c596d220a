// SPDX-License-Identifier: MIT
// What docs/encryption.md says, done: through the tunnels everything works, and who listens on the way
// reads nothing. One machine plays all: its loopback addresses 127.0.0.2 to 127.0.0.6 are the machines.
import assert from 'node:assert/strict';
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { connect as connectPlainly } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { connect as connectByTls } from 'node:tls';
import { Platform, root, until } from '../support/platform.mjs';
import { freePort } from '../support/ports.mjs';
import { DatabaseServer } from './database_server.mjs';
import { recipe, unused } from './recipes.mjs';
import { RecordingRelay } from './recording_relay.mjs';

const CORE = '127.0.0.4'; // where the tunnel of `core` listens
const WAY = '127.0.0.3'; // where somebody listens on the way
const API = '127.0.0.2'; // the loopback of `api`
const FALSE_CORE = '127.0.0.5';
const FALSE_API = '127.0.0.6';
const LANES = [0, 1, 2, 3];

const temporary = () => mkdtempSync(join(tmpdir(), 'bourse-encryption-'));
const bash = (script, cwd) => execFileSync('bash', ['-c', script], { cwd, stdio: ['ignore', 'pipe', 'pipe'] });

// The environment of a program that is told these settings and no others.
function environment(settings) {
    const others = Object.entries(process.env).filter(([name]) => !name.startsWith('BOURSE_'));
    return { ...Object.fromEntries(others), ...settings };
}

// NAME=value, line by line.
const settingsOf = text => Object.fromEntries(text.trim().split('\n').map(line => {
    const at = line.indexOf('=');
    return [line.slice(0, at), line.slice(at + 1).replace(/^"(.*)"$/, '$1')];
}));

const program = name => join(root, 'build', process.env.BOURSE_PRESET ?? 'dev', 'bin', name);

// A program of the test's own, and what it says.
class Process {
    constructor(command, args, options = {}) {
        this.said = '';
        this.child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], ...options });
        this.ended = new Promise(done => this.child.on('close', (code, signal) => done(code ?? signal)));
        for (const stream of [this.child.stdout, this.child.stderr])
            stream.on('data', chunk => { this.said += chunk; });
    }

    async stop() {
        this.child.kill('SIGTERM');
        return this.ended;
    }
}

// Connects and says what nng would; gives 'greeted' when a service greets back, or why it does not.
function probe(connect) {
    return new Promise(done => {
        const socket = connect();
        const greeting = Buffer.from([0, 0x53, 0x50, 0]);
        let came = Buffer.alloc(0);
        socket.setTimeout(10000, () => socket.destroy(new Error('silence')));
        socket.on('data', chunk => {
            came = Buffer.concat([came, chunk]);
            if (came.subarray(0, 4).equals(greeting)) {
                done('greeted');
                socket.destroy();
            }
        });
        socket.on('error', error => done(error.message));
        socket.on('close', () => done('closed'));
        socket.on('connect', () => socket.write(Buffer.from([0, 0x53, 0x50, 0, 0, 0x30, 0, 0])));
    });
}

describe('encryption between machines', () => {
    let platform, folder, otherFolder, ports;
    const processes = [];
    const relays = [];

    before(async () => {
        platform = await Platform.start();
        ports = Object.fromEntries(readFileSync(join(platform.data, 'ports'), 'utf8').trim().split('\n')
            .map(line => line.split(' ')).map(([name, first]) => [name, Number(first)]));
        folder = temporary();
        otherFolder = temporary();
        bash(recipe('certificates'), folder);
        bash(recipe('certificates'), otherFolder);
    });
    after(async () => {
        for (const process of processes.reverse())
            await process.stop();
        for (const relay of relays)
            await relay.close();
        await platform?.stop();
        for (const each of [folder, otherFolder].filter(Boolean))
            rmSync(each, { recursive: true, force: true });
    });

    // The page's list of services with the ports that they have here.
    const servicesHere = () => ['auth:7100 market:7110 portfolio:7120 trading:7130',
        `auth:${ports.auth} market:${ports.market} portfolio:${ports.portfolio} trading:${ports.trading}`];
    const everyPort = () => ['auth', 'market', 'portfolio', 'trading']
        .flatMap(name => LANES.map(lane => ports[name] + lane));

    // Ends of a tunnel as the page writes them, in a folder with certificates.
    async function startTunnel(title, where, replacements) {
        bash(recipe(title, [['/etc/bourse/', `${where}/`], servicesHere(), ...replacements]));
        const start = recipe('/etc/systemd/system/bourse-tunnel.service').match(/^ExecStart=(.*)$/m)[1];
        const tunnel = new Process(...start.replace('/etc/bourse/', `${where}/`).split(' ')
            .reduce(([command, args], word) => command ? [command, [...args, word]] : [word, []], ['', []]));
        processes.push(tunnel);
        await until('the tunnel to listen', () => {
            if (tunnel.child.exitCode !== null)
                throw new Error(tunnel.said);
            return tunnel.said.includes('Configuration successful');
        });
        return tunnel;
    }
    const startCore = (where, address, ...more) => startTunnel('core: writes tunnel.conf', where,
        [['accept = 192.0.2.10:', `accept = ${address}:`], ...more]);
    const startApi = (where, address, core) => startTunnel('api: writes tunnel.conf', where,
        [['accept = 127.0.0.1:', `accept = ${address}:`], ['connect = core.example.org:', `connect = ${core}:`]]);

    async function startRelay(to) {
        const relay = new RecordingRelay();
        relays.push(relay);
        for (const port of everyPort())
            await relay.pass(WAY, port, to);
        return relay;
    }

    // One more gateway, which finds the services by the page's settings, with that address for 127.0.0.1;
    // gives the platform as it is seen through it.
    async function startGateway(address) {
        const port = await freePort();
        const settings = Object.entries(settingsOf(recipe("the gateway's settings behind stunnel")))
            .map(([name, value]) => {
                const service = name.match(/^BOURSE_(\w+)_ADDRESS$/)[1].toLowerCase();
                assert.match(value, /^127\.0\.0\.1:71\d0$/);
                return [name, `${address}:${ports[service]}`];
            });
        const gateway = new Process(program('bourse-gateway'), [], { env: environment({
            ...Object.fromEntries(settings), BOURSE_HTTP_LISTEN: `127.0.0.1:${port}`, BOURSE_DRAIN_DELAY_MS: '0',
            BOURSE_MESH_KEY_FILE: join(platform.data, 'secrets', 'mesh.key') }) });
        const through = Object.assign(Object.create(Platform.prototype), platform, { url: `http://127.0.0.1:${port}` });
        processes.push(gateway);
        await until('the gateway to answer', async () => (await through.request('GET', '/healthz')).status === 200, 60);
        return { gateway, through };
    }

    // Registers and logs somebody in; gives what nobody on the way may see.
    async function plant(through) {
        const name = `planted${randomBytes(6).toString('hex')}`;
        const password = `planted ${randomBytes(12).toString('hex')}`;
        const { token } = await through.trader(name, password);
        await through.expect(200, 'GET', '/api/v1/users/me', { token });
        return { name, password, token };
    }

    // The planted things that can be read in what has passed.
    function readIn(relay, planted) {
        const bytes = relay.bytes();
        // How much it is depends on how often the gateway asked meanwhile; a login alone is more than this.
        assert.ok(bytes.length > 1500, `${bytes.length} bytes have passed`);
        return Object.entries(planted).filter(([, value]) => bytes.includes(value)).map(([what]) => what);
    }

    it('is needed: who listens on the way reads names, passwords and tokens', async () => {
        const relay = await startRelay('127.0.0.1');
        const { gateway, through } = await startGateway(WAY);
        const planted = await plant(through);
        assert.deepEqual(readIn(relay, planted), ['name', 'password', 'token']);
        assert.equal(await gateway.stop(), 0);
        await relay.close();
    });

    it('lets everything through stunnel, of which nobody on the way reads anything', async () => {
        const relay = await startRelay(CORE);
        await startCore(folder, CORE);
        await startApi(folder, API, WAY);
        const { gateway, through } = await startGateway(API);
        const planted = await plant(through);
        const admin = await through.administrator();
        await through.import('TUNL', 'Date,Open,High,Low,Close,Volume\n2014-06-02,90,91,89,90.5,1000\n', admin);
        await through.step('2014-06-02T14:00:00Z', admin);
        // The quote comes by the fourth port, the one of the topics.
        await until('the quote', async () => (await through.request('GET', '/api/v1/quotes/TUNL')).status === 200);
        assert.deepEqual(readIn(relay, { ...planted, admin, adminPassword: platform.password, ticker: 'TUNL' }), []);

        // A service that is started again is found again.
        await platform.kill('auth');
        await until('a login after auth has died', async () => (await through.request('POST', '/api/v1/auth/login',
            { body: { username: planted.name, password: planted.password } })).status === 200, 30);
        assert.deepEqual(readIn(relay, planted), []);
        assert.equal(await gateway.stop(), 0, gateway.said);
        assert.doesNotMatch(gateway.said, /Sanitizer|runtime error|"level":"error"/);
    });

    it('lets nobody in who has no certificate, or one of another CA or for another name', async () => {
        const certificate = (where, name) => ({ cert: readFileSync(join(where, `${name}.crt`)),
            key: readFileSync(join(where, `${name}.key`)) });
        const knock = certificates => probe(() => connectByTls({ host: CORE, port: ports.auth,
            servername: 'core.example.org', ca: readFileSync(join(folder, 'ca.crt')), ...certificates }));

        assert.equal(await knock(certificate(folder, 'api.example.org')), 'greeted');
        assert.match(await knock({}), /alert certificate required|closed|ECONNRESET/);
        assert.match(await knock(certificate(otherFolder, 'api.example.org')), /alert unknown ca|closed|ECONNRESET/);
        assert.match(await knock(certificate(folder, 'database.example.org')), /alert|closed|ECONNRESET/);
        assert.match(await knock({ ...certificate(folder, 'api.example.org'), maxVersion: 'TLSv1.2' }),
            /alert protocol version|closed|ECONNRESET/);
        assert.match(await probe(() => connectPlainly(ports.auth, CORE)), /closed|ECONNRESET/);
    });

    it('talks to no machine that only says it is the right one', async () => {
        const knock = () => probe(() => connectPlainly(ports.auth, FALSE_API));
        const cases = [
            ['another CA', () => startCore(otherFolder, FALSE_CORE)],
            ['another name', () => startCore(folder, FALSE_CORE, ['core.example.org.', 'database.example.org.'])],
        ];

        const api = await startApi(folder, FALSE_API, CORE);
        assert.equal(await knock(), 'greeted');
        await api.stop();
        await startApi(folder, FALSE_API, FALSE_CORE);
        for (const [what, start] of cases) {
            // It serves whoever comes, like one who wants to be talked to.
            const core = await start();
            assert.match(await knock(), /closed|ECONNRESET/, what);
            await core.stop();
        }
    });

    it('goes through WireGuard, of which nobody on the way reads anything', async t => {
        // In a network and with mounts of its own, so that it cannot get into anybody's way.
        const isolated = ['--net', '--mount', '--'];
        const titles = ['keys', 'core: /etc/wireguard/bourse.conf', 'api: /etc/wireguard/bourse.conf',
            'starts the interface', "the gateway's settings behind WireGuard"];
        const recipes = titles.map(title => recipe(title));
        if (spawnSync('unshare', [...isolated, 'true']).status !== 0) {
            t.skip('this needs root and the right to make networks');
            return;
        }
        const inside = new Process('unshare', [...isolated, process.execPath, join(root, 'tests/security/wireguard.mjs')],
            { stdio: 'pipe' });
        processes.push(inside);
        inside.child.stdin.end(JSON.stringify(recipes));
        const status = await inside.ended;
        t.diagnostic(inside.said.trim().split('\n').at(-1));
        if (status === 77)
            t.skip(inside.said);
        else
            assert.equal(status, 0, inside.said);
    });
});

describe('encryption on the way to PostgreSQL', () => {
    const secret = randomBytes(12).toString('hex');
    const name = `planted${randomBytes(6).toString('hex')}`;
    let folder, otherFolder, server, relay;

    before(async () => {
        folder = temporary();
        otherFolder = temporary();
        bash(recipe('certificates'), folder);
        bash(recipe('certificates'), otherFolder);
        server = await DatabaseServer.start({ certificates: folder, port: await freePort(),
            settings: recipe('postgresql.conf', [['192.0.2.20', '127.0.0.1']]),
            rules: recipe('pg_hba.conf', [['192.0.2.0/24', '127.0.0.1/32']]) });
        relay = new RecordingRelay();
        await relay.pass(WAY, server.port, '127.0.0.1');
    });
    after(async () => {
        await relay?.close();
        await server?.stop();
        for (const each of [folder, otherFolder].filter(Boolean))
            rmSync(each, { recursive: true, force: true });
    });

    // Runs a command of auth with the page's connection string, changed so.
    async function auth(setting, replacements, ...command) {
        const url = settingsOf(recipe("a service's setting", [['/etc/bourse', folder], ['password=...', `password=${secret}`]]))
            .BOURSE_DATABASE;
        const here = replacements.reduce((text, [from, to]) => {
            assert.ok(text.includes(from), `${url} does not have ${from}`);
            return text.replace(from, to);
        }, url);
        const process = new Process(program('bourse-auth'), command, { env: environment({
            [setting]: `${here} hostaddr=${WAY} port=${server.port}`, BOURSE_ADMIN_PASSWORD: `${name} password` }) });
        return { status: await process.ended, said: process.said };
    }
    const create = (who, replacements = []) => auth('BOURSE_DATABASE', replacements, 'create-administrator', who);

    it('lets a service work, of which nobody on the way reads anything', async () => {
        server.setPassword('owner', secret);
        const migrated = await auth('BOURSE_OWNER_DATABASE', [['user=bourse_auth', 'user=owner']], 'migrate');
        assert.equal(migrated.status, 0, migrated.said);
        server.setPassword('bourse_auth', secret);
        const created = await create(name);
        assert.equal(created.status, 0, created.said);
        assert.match(created.said, new RegExp(`administrator ${name} created`));
        const bytes = relay.bytes();
        // How much it is depends on how often the gateway asked meanwhile; a login alone is more than this.
        assert.ok(bytes.length > 1500, `${bytes.length} bytes have passed`);
        for (const what of [name, 'bourse_auth', 'INSERT'])
            assert.ok(!bytes.includes(what), `${what} can be read`);
    });

    it('is not done without: the server refuses who comes in clear', async () => {
        const refused = await create('second', [['sslmode=verify-full', 'sslmode=disable']]);
        assert.notEqual(refused.status, 0, refused.said);
        // So the relay does see what is in clear.
        assert.ok(relay.bytes().includes('bourse_auth'));
    });

    it('is refused by the service when the server has another name or another CA', async () => {
        for (const replacement of [['host=database.example.org', 'host=other.example.org'], [folder, otherFolder]]) {
            const refused = await create('third', [replacement]);
            assert.notEqual(refused.status, 0, refused.said);
            assert.match(refused.said, /certificate/);
        }
        assert.equal((await create('third')).status, 0);
    });
});

it('has no recipe that is not tried here', () => {
    assert.deepEqual(unused(), []);
});
