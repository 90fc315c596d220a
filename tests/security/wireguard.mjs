// SPDX-License-Identifier: MIT
// wireguard: the part of encryption.test.js that runs as root in a network and with mounts of its own, in
// which it plays `core`, with a second network for `api` and a cable between them. Its standard input is
// the recipes. Ends with status 77 where there is no WireGuard.
import assert from 'node:assert/strict';
import { execFile, execFileSync, spawn, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Platform, root, until } from '../support/platform.mjs';
import { RecordingRelay } from './recording_relay.mjs';

const [keys, coreConfiguration, apiConfiguration, start, settings] = JSON.parse(readFileSync(0, 'utf8'));
const sh = script => execFileSync('bash', ['-euc', script], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
const inApi = (...command) => ['ip', ['netns', 'exec', 'api', ...command]];
const folder = mkdtempSync(join(tmpdir(), 'bourse-wireguard-'));
const hasModule = spawnSync('ip', ['link', 'add', 'probe', 'type', 'wireguard']).status === 0;

if (!hasModule && !(existsSync('/dev/net/tun') && spawnSync('which', ['wireguard-go']).status === 0)) {
    process.stdout.write('neither the kernel nor wireguard-go can do WireGuard here');
    process.exit(77);
}

// Two machines, 192.0.2.10 and 192.0.2.11, that know the first one's name.
function makeNetworks() {
    writeFileSync(join(folder, 'hosts'), '127.0.0.1 localhost\n192.0.2.10 core.example.org\n');
    sh(`mkdir -p /run/netns /run/wireguard /etc/wireguard
        mount -t tmpfs tmpfs /run/netns
        mount -t tmpfs tmpfs /run/wireguard
        mount -t tmpfs tmpfs /etc/wireguard
        mount --bind ${folder}/hosts /etc/hosts
        ip netns add api
        ip link add cable type veth peer name cable netns api
        ip address add 192.0.2.10/24 dev cable
        ip link set lo up
        ip link set cable up
        ip netns exec api ip address add 192.0.2.11/24 dev cable
        ip netns exec api ip link set lo up
        ip netns exec api ip link set cable up`);
}

function makeTunnel() {
    for (const machine of ['core', 'api']) {
        mkdirSync(join(folder, machine));
        execFileSync('bash', ['-c', keys], { cwd: join(folder, machine) });
    }
    const withKeys = text => text.replace(/<(core|api)'s (wireguard\.\w+)>/g, (all, machine, name) =>
        readFileSync(join(folder, machine, name), 'utf8').trim());
    const write = text => writeFileSync('/etc/wireguard/bourse.conf', withKeys(text), { mode: 0o600 });
    write(coreConfiguration);
    sh(start);
    write(apiConfiguration);
    // Both have a folder of sockets of their own, as on two machines.
    execFileSync(...inApi('bash', '-euc', `mount -t tmpfs tmpfs /run/wireguard\n${start}`), { stdio: 'pipe' });
}

// The platform as it is seen on `api`, through a gateway there that finds the services at these addresses.
async function startGateway(platform, addresses) {
    const gateway = spawn(...inApi(join(root, 'build', process.env.BOURSE_PRESET ?? 'dev', 'bin', 'bourse-gateway')), {
        env: { PATH: process.env.PATH, ...addresses, BOURSE_DRAIN_DELAY_MS: '0', BOURSE_HTTP_LISTEN: '127.0.0.1:8080',
            BOURSE_MESH_KEY_FILE: join(platform.data, 'secrets', 'mesh.key') },
        stdio: ['ignore', 'ignore', 'inherit'] });
    const ended = new Promise(done => gateway.on('close', done));
    const through = Object.assign(Object.create(Platform.prototype), platform, {
        async request(method, path, { body, token } = {}) {
            const { stdout } = await promisify(execFile)(...inApi('curl', '-s', '-m', '30', '-w', '\n%{http_code}', '-X', method,
                ...body ? ['-H', 'Content-Type: application/json', '-d', JSON.stringify(body)] : [],
                ...token ? ['-H', `Authorization: Bearer ${token}`] : [], `http://127.0.0.1:8080${path}`));
            const at = stdout.lastIndexOf('\n');
            const text = stdout.slice(0, at);
            return { status: Number(stdout.slice(at + 1)), text, body: text.startsWith('{') ? JSON.parse(text) : null };
        },
    });
    await until('the gateway to answer', async () => (await through.request('GET', '/healthz')).status === 200, 60);
    return { through, stop: () => { gateway.kill('SIGTERM'); return ended; } };
}

// Registers and logs somebody in on `api` while the cable is recorded; gives which of what nobody may see
// can be read in what went over it.
async function readOnCable(platform, what, addresses) {
    const file = join(folder, `${what}.pcap`);
    const recorder = spawn('tcpdump', ['-i', 'cable', '-Z', 'root', '-s', '0', '--immediate-mode', '-U', '-w', file],
        { stdio: ['ignore', 'ignore', 'pipe'] });
    const ended = new Promise(done => recorder.on('close', done));
    let said = '';
    recorder.stderr.on('data', chunk => { said += chunk; });
    await until('the recorder to listen', () => said.includes('listening on'));
    const { through, stop } = await startGateway(platform, addresses);
    const name = `planted${randomBytes(6).toString('hex')}`;
    const password = `planted ${randomBytes(12).toString('hex')}`;
    const { token } = await through.trader(name, password);
    await through.expect(200, 'GET', '/api/v1/users/me', { token });
    assert.equal(await stop(), 0);
    recorder.kill('SIGINT');
    await ended;
    const bytes = readFileSync(file);
    assert.ok(bytes.length > 5000, `${bytes.length} bytes were recorded`);
    return Object.entries({ name, password, token }).filter(([, value]) => bytes.includes(value)).map(([key]) => key);
}

// The page's settings with the ports that the services have here, at that address.
function addressesAt(address, ports) {
    return Object.fromEntries([...settings.matchAll(/^(BOURSE_(\w+)_ADDRESS)=(.*):71\d0$/gm)].map(([, name, service, host]) => {
        assert.equal(host, '10.77.0.1');
        return [name, `${address}:${ports[service.toLowerCase()]}`];
    }));
}

makeNetworks();
makeTunnel();
const platform = await Platform.start();
const relay = new RecordingRelay();
try {
    const ports = Object.fromEntries(readFileSync(join(platform.data, 'ports'), 'utf8').trim().split('\n')
        .map(line => line.split(' ')).map(([name, first]) => [name, Number(first)]));
    // The launcher has the services listen on 127.0.0.1.
    for (const address of ['10.77.0.1', '192.0.2.10'])
        for (const name of ['auth', 'market', 'portfolio', 'trading'])
            for (const lane of [0, 1, 2, 3])
                await relay.pass(address, ports[name] + lane, '127.0.0.1');
    const inClear = await readOnCable(platform, 'clear', addressesAt('192.0.2.10', ports));
    assert.ok(inClear.includes('name') && inClear.includes('password'), `in clear only this was found: ${inClear}`);
    assert.deepEqual(await readOnCable(platform, 'tunnel', addressesAt('10.77.0.1', ports)), []);
    process.stdout.write(`by ${hasModule ? "the kernel's WireGuard" : 'wireguard-go'}; found in clear: ${inClear}`);
} finally {
    await relay.close();
    await platform.stop();
    spawnSync('ip', ['link', 'delete', 'bourse']);
    spawnSync(...inApi('ip', 'link', 'delete', 'bourse'));
    rmSync(folder, { recursive: true, force: true });
}
