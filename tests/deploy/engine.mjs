// SPDX-License-Identifier: MIT
// engine: a container engine of the test's own, on private paths, which leaves nothing behind: no image, no bridge, no
// rule of the firewall. Who has an engine already names it in BOURSE_TEST_DOCKER_HOST.
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, openSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { until } from '../support/platform.mjs';

const base = 'debian:bookworm-slim';
const programs = ['dockerd', 'docker', 'docker-compose', 'mmdebstrap'];

function has(program) {
    return ['/usr/bin', '/usr/sbin'].some(folder => existsSync(join(folder, program)));
}

// Why no engine can be started here, or null.
export function missing() {
    if (process.env.BOURSE_TEST_CONTAINERS !== '1')
        return 'BOURSE_TEST_CONTAINERS is not 1: see tests/README.md';
    if (process.env.BOURSE_TEST_DOCKER_HOST)
        return null;
    if (process.getuid() !== 0)
        return 'an engine of its own needs root';
    const absent = programs.filter(program => !has(program));
    return absent.length > 0 ? `not installed: ${absent.join(', ')}` : null;
}

// The networks of the machine's containers, which their engine leaves behind when it ends.
function bridges() {
    return readdirSync('/sys/class/net').filter(name => name.startsWith('br-'));
}

export class Engine {
    // Null when none can be started here; `why` then says what dockerd said.
    static async start() {
        const engine = new Engine();
        engine.folder = mkdtempSync(join(tmpdir(), 'bourse-engine-'));
        engine.bridges = bridges();
        const host = process.env.BOURSE_TEST_DOCKER_HOST;
        // Debian's client before others: it can do without a plugin what others need one for.
        engine.env = { ...process.env, PATH: `/usr/bin:${process.env.PATH}`, DOCKER_HOST: host ?? `unix://${engine.folder}/docker.sock` };
        if (!host && !await engine.begin()) {
            const why = readFileSync(join(engine.folder, 'dockerd.log'), 'utf8').trim().split('\n').at(-1);
            await engine.stop();
            return { why };
        }
        return engine;
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
            : spawnSync('docker', ['version'], { env: this.env }).status === 0 && 'answers', 30).then(said => said === 'answers');
    }

    docker(...operands) {
        return execFileSync('docker', operands, { env: this.env, encoding: 'utf8', maxBuffer: 64 << 20 }).trim();
    }

    // The image that all others are built on, from where this machine has its own packages, trusting whom it trusts.
    ensureBase() {
        if (spawnSync('docker', ['image', 'inspect', base], { env: this.env }).status === 0)
            return;
        const sources = ['/etc/apt/sources.list.d/debian.sources', '/etc/apt/sources.list'].find(existsSync);
        const authorities = '/usr/local/share/ca-certificates';
        const file = join(this.folder, 'base.tar');
        execFileSync('mmdebstrap', ['--quiet', '--variant=minbase', '--include=ca-certificates',
            ...['man', 'doc', 'locale'].map(name => `--dpkgopt=path-exclude=/usr/share/${name}/*`),
            `--customize-hook=cp ${authorities}/*.crt "$1${authorities}/" 2>/dev/null || true`,
            '--customize-hook=chroot "$1" update-ca-certificates', 'bookworm', file, sources], { stdio: 'ignore' });
        this.docker('import', '--change', 'CMD ["bash"]', file, base);
        rmSync(file);
    }

    async stop() {
        if (this.daemon && this.daemon.exitCode === null) {
            this.daemon.kill('SIGTERM');
            await this.ended;
        }
        for (const bridge of bridges().filter(name => !this.bridges.includes(name)))
            if (!process.env.BOURSE_TEST_DOCKER_HOST)
                spawnSync('ip', ['link', 'del', bridge]);
        rmSync(this.folder, { recursive: true, force: true });
    }
}
