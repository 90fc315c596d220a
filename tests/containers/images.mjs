// SPDX-License-Identifier: MIT
// images: what the images of a test are made of, beside the project's own Dockerfile.
import { execFile, spawnSync } from 'node:child_process';
import { chownSync, existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { root, services } from '../support/platform.mjs';

const run = promisify(execFile);
const base = 'debian:bookworm-slim';

// What nobody reads in a test, and what compiles PostgreSQL's queries, which the services' roles have turned off.
const left = ['/usr/share/man/*', '/usr/share/doc/*', '/usr/share/locale/*', '/usr/lib/*/libLLVM*', '/usr/lib/postgresql/*/lib/*jit*',
    '/usr/lib/postgresql/*/lib/bitcode/*'];

// The image that all others are built on, from where this machine has its own packages, trusting whom it trusts. What
// `packages` adds, the Dockerfile need not install; of these some files are left out, which costs the essential ones too much.
export async function ensureBase(engine, packages) {
    if (spawnSync('docker', ['image', 'inspect', base], { env: engine.env }).status === 0)
        return;
    const sources = ['/etc/apt/sources.list.d/debian.sources', '/etc/apt/sources.list'].find(existsSync);
    const authorities = '/usr/local/share/ca-certificates';
    const clusters = '/etc/postgresql-common/createcluster.d';
    const script = `set -o pipefail; mmdebstrap "$@" | docker import --change 'CMD ["bash"]' - ${base}`;
    await run('bash', ['-c', script, 'bash', '--quiet', '--variant=minbase', '--dpkgopt=force-unsafe-io', `--include=${['ca-certificates', ...packages].join(',')}`,
        `--essential-hook=mkdir -p "$1${clusters}" && echo create_main_cluster = false >"$1${clusters}/bourse.conf"`,
        `--essential-hook=printf 'path-exclude=%s\\n' '${left.join("' '")}' >"$1/etc/dpkg/dpkg.cfg.d/bourse"`,
        `--customize-hook=cp ${authorities}/*.crt "$1${authorities}/" 2>/dev/null || true`,
        '--customize-hook=chroot "$1" update-ca-certificates', '--customize-hook=rm "$1/etc/dpkg/dpkg.cfg.d/bourse"', 'bookworm', '-', sources],
    { env: engine.env });
}

// The programs that users run; gives their folder.
export async function buildPrograms() {
    await run('cmake', ['--preset', 'release'], { cwd: root });
    await run('cmake', ['--build', '--preset', 'release', '--target', ...services.map(service => `bourse-${service}`)],
        { cwd: root, maxBuffer: 64 << 20 });
    return join(root, 'build/release/bin');
}

// An image of Debian's prometheus, with nothing else; null when the program is not there.
export async function importPrometheus(engine) {
    const image = 'bourse/prometheus:test';
    const program = ['/usr/bin/prometheus', join(root, 'build/promtool/usr/bin/prometheus')].find(existsSync);
    const folder = join(engine.folder, 'prometheus');
    if (!program)
        return null;
    await run(join(root, 'deploy/docker/collect.sh'), [program, folder, '0']);
    mkdirSync(join(folder, 'prometheus'));
    chownSync(join(folder, 'prometheus'), 10001, 10001);
    await run('bash', ['-c', `tar -C ${folder} -c . | docker import -c 'USER 10001:10001' -c 'ENTRYPOINT ["/bourse"]' - ${image}`],
        { env: engine.env });
    return image;
}
