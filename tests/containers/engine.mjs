// SPDX-License-Identifier: MIT
// engine: a container engine of the test's own, on private paths, which leaves nothing behind: no image, no bridge, no
// rule of the firewall. Who has an engine already names it in BOURSE_TEST_DOCKER_HOST.
import { execFile, spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { until } from '../support/platform.mjs';

const run = promisify(execFile);
const programs = ['dockerd', 'docker', 'docker-compose', 'mmdebstrap'];

function has(program) {
    return ['/usr/bin', '/usr/sbin'].some(folder => existsSync(join(folder, program)));
}

// Why no engine can be started here, or null.
export function missing() {
    if (!['1', 'images'].includes(process.env.BOURSE_TEST_CONTAINERS))
        return 'BOURSE_TEST_CONTAINERS is neither 1 nor images: see tests/README.md';
    if (process.env.BOURSE_TEST_DOCKER_HOST)
        return null;
    if (process.getuid() !== 0)
        return 'an engine of its own needs root';
    const absent = programs.filter(program => !has(program));
    return absent.length > 0 ? `not installed: ${absent.join(', ')}` : null;
}

export class Engine {
    // With `why` instead where none can be started or an engine cannot run a container.
    static async start() {
        const engine = new Engine();
        engine.folder = mkdtempSync(join(tmpdir(), 'bourse-engine-'));
        const host = process.env.BOURSE_TEST_DOCKER_HOST;
        // Debian's client before others: it can do without a plugin what others need one for.
        engine.env = { ...process.env, PATH: `/usr/bin:${process.env.PATH}`, DOCKER_HOST: host ?? `unix://${engine.folder}/docker.sock` };
        const why = !host && !await engine.begin() ? readFileSync(join(engine.folder, 'dockerd.log'), 'utf8').trim().split('\n').at(-1)
            : await engine.tryOut();
        if (why !== null)
            await engine.stop();
        return why !== null ? { why } : engine;
    }

    async begin() {
        const at = name => join(this.folder, name);
        mkdirSync(at('data'));
        const log = openSync(at('dockerd.log'), 'w');
        this.daemon = spawn('/usr/sbin/dockerd', ['-H', this.env.DOCKER_HOST, '--data-root', at('data'), '--exec-root', at('exec'),
            '--pidfile', at('docker.pid'), '--bridge=none', '--iptables=false', '--ip6tables=false', '--ip-masq=false', '--ip-forward=false',
            '--default-address-pool', 'base=172.30.0.0/16,size=24'], { stdio: ['ignore', log, log], detached: true });
        this.ended = new Promise(done => this.daemon.on('exit', () => done(true)));
        return until('the engine to answer or to end', async () => this.daemon.exitCode !== null ? 'ended'
            : spawnSync('docker', ['version'], { env: this.env }).status === 0 && 'answers', 60).then(said => said === 'answers');
    }

    // Why no container with a network can be run here, which an engine may only notice then; or null.
    async tryOut() {
        const name = `bourse-engine-${process.pid}`;
        try {
            await run('bash', ['-c', `tar -C /usr/bin -ch docker-init | docker import - ${name}`], { env: this.env });
            await this.docker('network', 'create', name);
            await this.docker('run', '--rm', '--network', name, '--read-only', '--memory', '64m', '--pids-limit', '16', name, '/docker-init', '--version');
            return null;
        } catch (error) {
            return error.message.trim().split('\n').at(-1);
        } finally {
            spawnSync('docker', ['network', 'rm', name], { env: this.env });
            spawnSync('docker', ['image', 'rm', name], { env: this.env });
        }
    }

    async docker(...operands) {
        const { stdout } = await run('docker', operands, { env: this.env, maxBuffer: 64 << 20 });
        return stdout.trim();
    }

    // The bridges of its networks, which it leaves behind when it ends.
    bridges() {
        const { status, stdout } = spawnSync('docker', ['network', 'ls', '--quiet', '--filter', 'driver=bridge'], { env: this.env });
        return status === 0 ? stdout.toString().split('\n').filter(id => id !== '').map(id => `br-${id}`) : [];
    }

    async stop() {
        if (this.daemon && this.daemon.exitCode === null) {
            const bridges = this.bridges();
            this.daemon.kill('SIGTERM');
            await this.ended;
            bridges.forEach(bridge => spawnSync('ip', ['link', 'del', bridge]));
        }
        rmSync(this.folder, { recursive: true, force: true });
    }
}
