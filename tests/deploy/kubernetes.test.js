// SPDX-License-Identifier: MIT
// The manifests of deploy/k8s, rendered and looked at without a cluster: they are what the API takes, they keep to each
// rule of the checklist, and whoever breaks a rule is found.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { parse as parseYaml } from 'yaml';
import { Overlay, RULES, podOf } from './checklist.mjs';
import { NO_RENDERER, ROOT, SERVICES, copyManifests, describeUnless, faultsOf, findRenderer, makeAuthority, makeSecrets, parse, render } from './manifests.mjs';

const renderer = findRenderer();
const OVERLAYS = [['dev', false], ['prod', true], ['everything', true]];
let folder;
const overlays = new Map();

function assertNone(faults) {
    assert.equal(faults.length, 0, `\n${faults.join('\n')}\n`);
}

const faultsByTypes = async documents => (await Promise.all(documents.map(faultsOf))).flat();
const rule = point => RULES.find(([name]) => name.startsWith(`${point}: `))[1];

describeUnless(renderer ? false : NO_RENDERER, 'the manifests for Kubernetes', () => {
    before(() => {
        folder = copyManifests();
        for (const [name, isProduction] of OVERLAYS)
            overlays.set(name, new Overlay(render(renderer, join(folder, 'overlays', name)), isProduction));
    });
    after(() => rmSync(dirname(folder), { recursive: true, force: true }));

    for (const [name] of OVERLAYS)
        it(`the overlay ${name} is what the API takes`, async () => assertNone(await faultsByTypes(overlays.get(name).documents)));

    for (const [name, check] of RULES)
        it(name, () => assertNone(OVERLAYS.flatMap(([overlay]) => [...check(overlays.get(overlay))].map(fault => `${overlay}: ${fault}`))));

    describe('a fault that is planted is found', () => {
        // A copy of what the overlay is, changed.
        const planted = (name, plant) => {
            const overlay = new Overlay(structuredClone(overlays.get(name).documents), overlays.get(name).isProduction);
            plant(overlay);
            return overlay;
        };
        const container = overlay => podOf(overlay.find('Deployment', 'auth')).containers[0];
        const pod = overlay => podOf(overlay.find('Deployment', 'auth'));
        const spec = (overlay, kind, name) => overlay.find(kind, name).spec;
        const without = (overlay, kind, name) => overlay.documents.splice(overlay.documents.indexOf(overlay.find(kind, name)), 1);
        const settings = overlay => overlay.of('ConfigMap').find(map => map.metadata.name.startsWith('settings')).data;

        for (const [what, plant, said] of [
            ['a field that there is not', o => { spec(o, 'Deployment', 'auth').replicaz = 2; }, /replicaz is no field of V1DeploymentSpec/],
            ['a field deep inside', o => { container(o).livenessProb = {}; }, /livenessProb is no field of V1Container/],
            ['a text for a number', o => { container(o).livenessProbe.periodSeconds = '10'; }, /must be of type number/],
            ['one for a list', o => { pod(o).volumes = {}; }, /must be of type Array/],
            ['an API that is gone', o => { o.find('PodDisruptionBudget', 'auth').apiVersion = 'policy/v1beta1'; }, /no PodDisruptionBudget in policy\/v1beta1/],
            ['a kind in another group', o => { o.find('Deployment', 'auth').apiVersion = 'extensions/v1'; }, /no Deployment in extensions\/v1/],
            ['what must be there', o => { delete container(o).name; }, /required property name/],
            ['a quantity', o => { container(o).resources.requests.memory = '128MB'; }, /memory/],
            ['a time of a scrape', o => { o.of('PodMonitor')[0].spec.podMetricsEndpoints[0].interval = '15 seconds'; }, /interval/],
        ])
            it(`by the types: ${what}`, async () =>
                assert.match((await faultsByTypes(planted('everything', plant).documents)).join('\n'), said));

        it('by the types: a key that is there twice', () => assert.throws(() => parse('a: 1\na: 2\n'), /unique/));

        for (const [point, what, plant, name = 'prod'] of [
            [1, 'the tag latest', o => { container(o).image = 'bourse/auth:latest'; }],
            [1, 'an image without a tag', o => { podOf(o.of('Job')[0]).containers[0].image = 'registry.example.org:5000/bourse/auth'; }],
            [2, 'root', o => { pod(o).securityContext.runAsUser = 0; }],
            [2, 'a root that can be written', o => { container(o).securityContext.readOnlyRootFilesystem = false; }],
            [2, 'a capability', o => { container(o).securityContext.capabilities.add = ['NET_ADMIN']; }],
            [2, 'a folder without a limit', o => { pod(o).volumes.push({ name: 'x', emptyDir: {} }); }],
            [2, 'a folder of the node', o => { pod(o).volumes.push({ name: 'x', hostPath: { path: '/' } }); }],
            [2, 'a namespace that takes anything', o => { o.of('Namespace')[0].metadata.labels = {}; }],
            [3, 'a token', o => { delete pod(o).automountServiceAccountToken; }],
            [3, 'a shared account', o => { pod(o).serviceAccountName = 'gateway'; }],
            [3, 'a right', o => { o.documents.push({ kind: 'ClusterRoleBinding', metadata: { name: 'x' } }); }],
            [4, 'a job that asks for nothing', o => { delete podOf(o.of('Job')[0]).containers[3].resources; }],
            [4, 'a limit of processor time', o => { container(o).resources.limits.cpu = '1'; }],
            [5, 'no start probe', o => { delete container(o).startupProbe; }],
            [5, 'liveness by readiness', o => { container(o).livenessProbe = container(o).readinessProbe; }],
            [5, 'a port by number', o => { container(o).readinessProbe.httpGet.port = 7109; }],
            [5, 'one that is not ready and stays in', o => { container(o).readinessProbe.failureThreshold = 12; }],
            [5, 'an answer that may take a minute', o => { container(o).livenessProbe.timeoutSeconds = 60; }],
            [6, 'a grace that is too short', o => { pod(o).terminationGracePeriodSeconds = 30; }],
            [6, 'a replica gone before the next', o => { spec(o, 'Deployment', 'gateway').strategy.rollingUpdate.maxUnavailable = 1; }],
            [6, 'no delay before the drain', o => { settings(o).BOURSE_DRAIN_DELAY_MS = '0'; }],
            [7, 'a budget that blocks drains', o => { spec(o, 'PodDisruptionBudget', 'market').minAvailable = 1; }],
            [7, 'no budget', o => without(o, 'PodDisruptionBudget', 'market')],
            [7, 'one replica', o => { spec(o, 'HorizontalPodAutoscaler', 'trading').minReplicas = 1; }],
            [7, 'two who say how many', o => { spec(o, 'Deployment', 'trading').replicas = 3; }],
            [7, 'all on one node', o => { pod(o).topologySpreadConstraints.pop(); }],
            [8, 'a service with an address', o => { delete spec(o, 'Service', 'trading').clusterIP; }],
            [8, 'a name that is nobody\'s', o => { settings(o).BOURSE_AUTH_ADDRESS = 'login:7100'; }],
            [8, 'another port', o => { settings(o).BOURSE_LISTEN = '0.0.0.0:7200'; }],
            [9, 'no refusal', o => without(o, 'NetworkPolicy', 'default-deny')],
            [9, 'a way that nobody goes', o => { spec(o, 'NetworkPolicy', 'market').egress.push({}); }],
            [9, 'a way that is missing', o => { spec(o, 'NetworkPolicy', 'portfolio').ingress[0].from[0].podSelector.matchExpressions[0].values.shift(); }],
            [9, 'a lane that is closed', o => { spec(o, 'NetworkPolicy', 'trading').ingress[0].ports.pop(); }],
            [9, 'no way to the database', o => { spec(o, 'NetworkPolicy', 'database').podSelector.matchExpressions[0].values.splice(2, 1); }],
            [9, 'a gateway for everybody', o => { delete spec(o, 'NetworkPolicy', 'gateway').ingress[0].from; }],
            [9, 'no names', o => without(o, 'NetworkPolicy', 'names')],
            [9, 'the web without live prices', o => { settings(o).BOURSE_MARKET = 'simulated'; }, 'everything'],
            [10, 'a map that keeps its name', o => { o.of('ConfigMap').find(map => map.metadata.name.startsWith('settings')).metadata.name = 'settings'; }],
            [10, 'a password in the environment', o => { settings(o).BOURSE_DATABASE = 'host=x password=y'; }],
            [10, 'a secret in the environment', o => { container(o).envFrom.push({ secretRef: { name: 'mesh-key' } }); }],
            [10, 'a file that everybody may read', o => { pod(o).volumes.find(volume => volume.secret).secret.defaultMode = 0o444; }],
            [10, 'a file that is not there', o => { settings(o).BOURSE_MESH_KEY_FILE = '/run/secrets/mesh/key'; }],
            [10, 'another\'s database', o => { pod(o).volumes.push({ name: 'x', secret: { secretName: podOf(o.find('StatefulSet', 'market')).volumes
                .find(volume => volume.name === 'database').secret.secretName } }); }],
            [10, 'a key that signs tokens', o => { o.of('Secret')[0].data.x = Buffer.from('-----BEGIN PRIVATE KEY-----').toString('base64'); }],
            [11, 'two markets', o => { spec(o, 'StatefulSet', 'market').replicas = 2; }],
            [11, 'a market that may be two', o => { o.find('StatefulSet', 'market').kind = 'Deployment'; }],
            [11, 'one and hope', o => { spec(o, 'Deployment', 'trading').replicas = 1; }],
            [12, 'a database in clear', o => { const { data } = o.of('Secret').find(secret => secret.metadata.name.startsWith('database-auth'));
                data.url = Buffer.from('host=x sslmode=prefer').toString('base64'); }],
            [12, 'an authority that is not there', o => { podOf(o.of('Job')[0]).containers[1].volumeMounts.pop(); }],
            [12, 'a schema that is forgotten', o => { podOf(o.of('Job')[0]).containers.pop(); }],
            [12, 'a service that owns the database', o => { pod(o).volumes.push({ name: 'x', secret: { secretName: 'migration' } }); }],
            [12, 'a database that keeps nothing', o => { delete spec(o, 'StatefulSet', 'postgres').volumeClaimTemplates; }, 'dev'],
            [13, 'a host without TLS', o => { delete spec(o, 'Ingress', 'gateway').tls; }],
            [13, 'streams that are cut', o => { o.find('Ingress', 'gateway').metadata.annotations['nginx.ingress.kubernetes.io/proxy-read-timeout'] = '20'; }],
            [13, 'a door that leads nowhere', o => { spec(o, 'Service', 'gateway').ports[0].name = 'web'; }],
            [13, 'everybody as a proxy', o => { settings(o).BOURSE_TRUSTED_PROXIES = '0.0.0.0/0'; }],
            [14, 'a label that is missing', o => { delete o.find('Deployment', 'auth').spec.template.metadata.labels['app.kubernetes.io/version']; }],
            [14, 'a selector of the version', o => { spec(o, 'Deployment', 'auth').selector.matchLabels['app.kubernetes.io/version'] = '0.1.0'; }],
            [14, 'a port without a name', o => { delete container(o).ports[0].name; }],
            [14, 'labels of another', o => { o.find('Service', 'auth').metadata.labels['app.kubernetes.io/component'] = 'network-policy'; }],
            [14, 'a service that is not scraped', o => { container(o).ports.find(port => port.name === 'admin').name = 'metrics'; }, 'everything'],
            [15, 'another namespace', o => { o.find('Service', 'auth').metadata.namespace = 'default'; }],
            [15, 'a name that is new each time', o => { o.of('Job')[0].metadata.generateName = 'migrate-'; }],
            [16, 'both families', o => { spec(o, 'Service', 'auth').ipFamilyPolicy = 'PreferDualStack'; }],
            [16, 'a listener on IPv6', o => { settings(o).BOURSE_HTTP_LISTEN = '[::]:8080'; }],
        ])
            it(`by rule ${point}: ${what}`, () => assert.notEqual([...rule(point)(planted(name, plant))].length, 0));
    });

    it('nothing of base knows a namespace', () => {
        for (const document of render(renderer, join(folder, 'base')))
            assert.equal(document.metadata.namespace, undefined, document.metadata.name);
    });

    it('another mesh key comes in three steps, in each of which everybody has a key in common', () => {
        const file = join(folder, 'overlays/dev/secrets/mesh.key');
        const keys = () => readFileSync(file, 'utf8').trimEnd().split('\n');
        const [old] = keys();
        const steps = [1, 2, 3].map(() => {
            makeSecrets(folder, 'overlays/dev', 'mesh-key');
            return keys();
        });
        const [next] = steps[2];
        assert.match(next, /^[0-9a-f]{64}$/);
        assert.notEqual(next, old);
        assert.deepEqual(steps, [[old, next], [next, old], [next]]);
        // A key that changes starts the pods again.
        const changed = render(renderer, join(folder, 'overlays/dev')).find(({ metadata }) => metadata.name.startsWith('mesh-key'));
        assert.ok(!overlays.get('dev').find('Secret', changed.metadata.name));
    });

    it('secrets that are there stay, and a password that could not be quoted is refused', () => {
        const file = name => readFileSync(join(folder, 'overlays/prod/secrets', name), 'utf8');
        const old = file('auth.url');
        makeSecrets(folder, 'overlays/prod', 'database.example.org');
        assert.equal(file('auth.url'), old);
        assert.match(old, /^host=database\.example\.org port=5432 dbname=bourse user=bourse_auth password=[0-9a-f]{48} sslmode=verify-full /);
        // What the database's administrator is given has the password of the owner, and no other.
        assert.deepEqual([...file('roles.sql').matchAll(/PASSWORD '(.*)'/g)].map(([, password]) => password), [file('owner.password')]);
        assert.throws(() => makeSecrets(folder, 'base/auth.yaml'), /has no kustomization.yaml/);
        writeFileSync(join(folder, 'overlays/prod/secrets/auth.password'), "it's");
        assert.throws(() => makeSecrets(folder, 'overlays/prod', 'database.example.org'), /auth.password may have letters/);
    });
});

// The page's blocks, each with its first line.
const blocks = [...readFileSync(join(ROOT, 'docs/kubernetes.md'), 'utf8').matchAll(/^```sh\n# ([^\n]*)\n([^`]*)^```$/gm)]
    .map(([, title, script]) => ({ title, script, needsCluster: title.startsWith('cluster: ') }));
const withKubectl = renderer?.[0] === 'kubectl' ? false : 'there is no kubectl whose kustomize is new enough';

describeUnless(withKubectl, 'docs/kubernetes.md', () => {
    let place;
    const here = script => {
        const done = spawnSync('bash', ['-euo', 'pipefail', '-c', script], { cwd: place, encoding: 'utf8', maxBuffer: 64 * 1024 * 1024,
            env: { ...process.env, KUBECONFIG: '/dev/null' } });
        assert.equal(done.status, 0, `${script}${done.stderr}`);
        return done.stdout;
    };

    before(() => {
        place = mkdtempSync(join(tmpdir(), 'bourse-docs-'));
        cpSync(join(ROOT, 'deploy'), join(place, 'deploy'), { recursive: true, filter: from => !from.endsWith('/secrets') });
        makeAuthority(join(place, 'ca.crt'), join(place, 'tls.key'));
        cpSync(join(place, 'ca.crt'), join(place, 'tls.crt'));
    });
    after(() => rmSync(place, { recursive: true, force: true }));

    it('what needs no cluster works, in the order in which it stands there', async () => {
        const offline = blocks.filter(block => !block.needsCluster);
        assert.ok(offline.length >= 6, `only ${offline.length} blocks were found`);
        for (const { title, script } of offline) {
            const said = here(script);
            if (/^kubectl kustomize/m.test(script))
                assertNone((await faultsByTypes(parse(said))).map(fault => `${title}: ${fault}`));
        }
        const [certificate] = parse(readFileSync(join(place, 'gateway-tls.yaml'), 'utf8'));
        assert.deepEqual([certificate.type, Object.keys(certificate.data)], ['kubernetes.io/tls', ['tls.crt', 'tls.key']]);
        const school = new Overlay(parse(here('kubectl kustomize deploy/k8s/overlays/school')), true);
        assertNone(RULES.flatMap(([, check]) => [...check(school)]));
        assert.equal(podOf(school.find('Deployment', 'gateway')).containers[0].env[0].value, 'debug');
        assert.equal(podOf(school.find('Deployment', 'trading')).containers[0].resources.limits.memory, '1Gi');
    });

    it('what needs a cluster names what there is, and files that the other commands have made', () => {
        const online = blocks.filter(block => block.needsCluster);
        const kinds = { deployment: 'Deployment', statefulset: 'StatefulSet', service: 'Service' };
        assert.ok(online.length >= 9, `only ${online.length} blocks were found`);
        const known = new Map(['dev', 'school'].map(name => [name,
            new Overlay(parse(here(`kubectl kustomize deploy/k8s/overlays/${name}`)), name !== 'dev')]));
        for (const { title, script } of online) {
            const overlay = known.get(/overlays\/(\w+)/.exec(script)?.[1] ?? 'school');
            for (const [, kind, name] of script.matchAll(/\b(deployment|statefulset|service)\/([a-z]+)/g))
                assert.ok(overlay.find(kinds[kind], name), `${title}: there is no ${kind}/${name}`);
            for (const [, namespace] of script.matchAll(/kubectl -n (\S+)/g))
                assert.ok(overlay.find('Namespace', namespace), `${title}: there is no namespace ${namespace}`);
            for (const [, path] of script.matchAll(/ -f (\S+\.(?:yaml|sql))/g))
                here(`test -s ${path}`);
        }
    });
});

const alerts = join(ROOT, 'deploy/prometheus/alerts.yml');

it('the alerts are a PrometheusRule as they are', { skip: existsSync(alerts) ? false : 'there is no deploy/prometheus/alerts.yml' }, async () => {
    const made = spawnSync(join(ROOT, 'deploy/k8s/prometheus-rule.sh'), { encoding: 'utf8' });
    assert.equal(made.status, 0, made.stderr);
    const documents = parse(made.stdout);
    assertNone(await faultsByTypes(documents));
    assert.deepEqual(documents.map(({ spec }) => spec), [parseYaml(readFileSync(alerts, 'utf8'))]);
});

// The last point of the checklist is about the compose file, which needs no rendering.
describe('17: the compose file keeps to what v1.29 and v2 both take', () => {
    const path = join(ROOT, 'deploy/compose.yaml');

    it('loopback, health, secrets as files, limits', { skip: existsSync(path) ? false : 'there is no deploy/compose.yaml' }, () => {
        const compose = parseYaml(readFileSync(path, 'utf8'), { merge: true });
        assert.equal(compose.version, undefined);
        for (const name of SERVICES) {
            const service = compose.services[name];
            assert.ok(service, name);
            for (const port of service.ports ?? [])
                assert.match(String(port), /^127\.0\.0\.1:/, name);
            assert.ok(service.read_only && service.restart && service.stop_grace_period && service.mem_limit, name);
            assert.ok(Object.values(service.depends_on ?? {}).every(({ condition }) => condition), name);
            assert.ok((service.secrets ?? []).length > 0, name);
        }
    });
});
