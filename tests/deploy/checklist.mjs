// SPDX-License-Identifier: MIT
// checklist: what somebody who runs Kubernetes looks for, as rules on rendered documents. A rule yields a sentence for
// each place where it is broken. What the services call is read from their sources.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT, SERVICES } from './manifests.mjs';

const LABEL = 'app.kubernetes.io/';
const CALL_PORTS = [7100, 7101, 7102, 7103];
const WORKLOADS = ['Deployment', 'StatefulSet', 'Job'];
const CLUSTER_KINDS = ['Namespace', 'ClusterRole', 'ClusterRoleBinding', 'PersistentVolume', 'CustomResourceDefinition'];
const CLOSE_SECONDS = 20; // calls under way and closing, as lib/service/README.md has them
const ENDPOINT_SECONDS = 5; // until those who balance load have noticed
const PROBE_SECONDS_MAX = 5;
const NOT_READY_SECONDS_MAX = 15; // until one that says it is not ready is sent nothing any more

const read = name => readFileSync(join(ROOT, name), 'utf8');
const nameOf = document => `${document.kind}/${document.metadata.name}`;
const decode = text => Buffer.from(text, 'base64').toString();
const isEqual = (a, b) => JSON.stringify(a) === JSON.stringify(b);

// The rendered documents of one overlay, to be asked.
export class Overlay {
    constructor(documents, isProduction) {
        this.documents = documents;
        this.isProduction = isProduction;
    }

    of(...kinds) {
        return this.documents.filter(document => kinds.includes(document.kind));
    }

    find(kind, name) {
        return this.documents.find(document => document.kind === kind && document.metadata.name === name);
    }

    get workloads() {
        return this.of(...WORKLOADS);
    }

    // [workload, container] of all of them.
    get containers() {
        return this.workloads.flatMap(workload => {
            const { initContainers = [], containers } = podOf(workload);
            return [...initContainers, ...containers].map(container => [workload, container]);
        });
    }

    // What a container finds in its environment; undefined where it is no literal.
    environmentOf(container) {
        const maps = (container.envFrom ?? []).map(from => this.find('ConfigMap', from.configMapRef?.name)?.data ?? {});
        return Object.assign({}, ...maps, Object.fromEntries((container.env ?? []).map(({ name, value }) => [name, value])));
    }

    service(name) {
        return this.workloads.find(workload => workload.kind !== 'Job' && workload.metadata.name === name);
    }
}

export const podOf = workload => workload.spec.template.spec;
const labelsOf = workload => workload.spec.template.metadata.labels;

function matches(selector, labels) {
    const operators = { In: e => e.values.includes(labels[e.key]), NotIn: e => !e.values.includes(labels[e.key]),
        Exists: e => e.key in labels, DoesNotExist: e => !(e.key in labels) };

    return Object.entries(selector?.matchLabels ?? {}).every(([key, value]) => labels[key] === value) &&
        (selector?.matchExpressions ?? []).every(expression => operators[expression.operator](expression));
}

// Whom a service calls, as its sources say: its peers, auth for the keys of tokens, and trading its other replicas.
export function peersOf(service) {
    const source = read(`services/${service}/${service === 'gateway' ? 'gateway' : 'main'}.c`);
    const names = /\bpeers\[\] = \{([^}]*)\}/.exec(source)[1].match(/"[a-z]+"/g) ?? [];
    const peers = new Set(names.map(name => name.slice(1, -1)));

    if (service !== 'auth')
        peers.add('auth');
    if (source.includes(`{"${service}-address"`))
        peers.add(service);
    return peers;
}

// A rule for each point that can be seen on rendered documents.
export const RULES = [
    ['1: images have the version of the project, from wherever they come', images],
    ['2: pods keep to the profile "restricted", with a root that cannot be written', podSecurity],
    ['3: each workload has a service account of its own, without a token or a right', serviceAccounts],
    ['4: containers ask for processor and memory, and are limited in memory alone', resources],
    ['5: services are probed on the named admin port, and liveness is not readiness', probes],
    ['6: a pod serves on while it leaves, and has the time to', gracefulStop],
    ['7: what can have replicas has two or more, spread, and drained one at a time', replicas],
    ['8: calls reach every replica: their names are of headless services', headless],
    ['9: nobody reaches anybody but along the calls that the sources make', policies],
    ['10: settings have hashed names; secrets are files, and each pod has its own alone', configuration],
    ['11: what there is one of is a StatefulSet', singletons],
    ['12: users\' data is in a database elsewhere, over TLS; the one in the cluster says what it is for', database],
    ['13: the way in has TLS, patience for streams, and named proxies', ingress],
    ['14: labels are the recommended ones, ports have names, and every service is scraped', labels],
    ['15: all of an overlay is in its namespace, once', namespaces],
    ['16: only IPv4 is promised', addressFamilies],
];

function* images({ containers }) {
    const version = /project\(bourse VERSION (\S+)/.exec(read('CMakeLists.txt'))[1];

    for (const [workload, { image }] of containers) {
        const tag = /:([^:/@]+)(?:@sha256:[0-9a-f]{64})?$/.exec(image)?.[1];
        if (tag !== version)
            yield `${nameOf(workload)} has ${image}, and the project is version ${version}`;
        if (labelsOf(workload)[`${LABEL}version`] !== tag)
            yield `${nameOf(workload)} is labelled another version than its image's`;
    }
}

function* podSecurity(overlay) {
    for (const namespace of overlay.of('Namespace'))
        if (namespace.metadata.labels?.['pod-security.kubernetes.io/enforce'] !== 'restricted')
            yield `${nameOf(namespace)} does not enforce the profile restricted`;
    for (const workload of overlay.workloads) {
        const { securityContext = {}, volumes = [], ...pod } = podOf(workload);
        if (!securityContext.runAsNonRoot || !(securityContext.runAsUser >= 10000))
            yield `${nameOf(workload)} does not run as a user of its own number`;
        if (securityContext.seccompProfile?.type !== 'RuntimeDefault')
            yield `${nameOf(workload)} has no seccomp profile`;
        for (const key of ['hostNetwork', 'hostPID', 'hostIPC'].filter(key => pod[key]))
            yield `${nameOf(workload)} has ${key}`;
        for (const volume of volumes)
            if (volume.hostPath || (volume.emptyDir && !volume.emptyDir.sizeLimit))
                yield `${nameOf(workload)}: the volume ${volume.name} is of the node, or has no limit of size`;
    }
    for (const [workload, { name, securityContext: context = {} }] of overlay.containers)
        if (context.allowPrivilegeEscalation !== false || !context.readOnlyRootFilesystem || context.privileged ||
            !isEqual(context.capabilities, { drop: ['ALL'] }))
            yield `${nameOf(workload)}: the container ${name} may do more than it needs`;
}

function* serviceAccounts(overlay) {
    const seen = new Set();

    for (const workload of overlay.workloads) {
        const { serviceAccountName: name, automountServiceAccountToken: mounts } = podOf(workload);
        const account = overlay.find('ServiceAccount', name);
        if (!account || seen.has(name))
            yield `${nameOf(workload)} has no service account of its own`;
        if (mounts !== false || account?.automountServiceAccountToken !== false)
            yield `${nameOf(workload)} is given a token for the API server`;
        seen.add(name);
    }
    for (const right of overlay.of('Role', 'RoleBinding', 'ClusterRole', 'ClusterRoleBinding'))
        yield `${nameOf(right)}: nobody here needs a right`;
}

function* resources({ containers }) {
    for (const [workload, { name, resources: { requests = {}, limits = {} } = {} }] of containers) {
        if (!requests.cpu || !requests.memory || !limits.memory)
            yield `${nameOf(workload)}: the container ${name} does not say what it needs`;
        if (limits.cpu)
            yield `${nameOf(workload)}: the container ${name} is held up at ${limits.cpu} processors while others idle`;
    }
}

function* probes({ containers }) {
    for (const [workload, container] of containers) {
        if (workload.kind === 'Job')
            continue;
        const { startupProbe, livenessProbe, readinessProbe } = container;
        const names = (container.ports ?? []).map(port => port.name);
        for (const [what, probe] of Object.entries({ startupProbe, livenessProbe, readinessProbe })) {
            const port = (probe?.httpGet ?? probe?.tcpSocket)?.port;
            if (!probe || (port !== undefined && !names.includes(port)) || (probe.timeoutSeconds ?? 1) > PROBE_SECONDS_MAX)
                yield `${nameOf(workload)} has no ${what} on a port with a name, with an answer in ${PROBE_SECONDS_MAX} s`;
        }
        const isOurs = labelsOf(workload)[`${LABEL}component`] === 'service';
        const answers = probe => probe?.httpGet?.path === '/livez' && probe.httpGet.port === 'admin';
        if (isEqual(livenessProbe, readinessProbe) || (isOurs && (!answers(livenessProbe) || !answers(startupProbe))))
            yield `${nameOf(workload)}: whether it lives is not asked of the process alone`;
        if (isOurs && readinessProbe?.httpGet?.path !== '/readyz')
            yield `${nameOf(workload)} is not asked whether it is ready`;
        // Whether others are away it does not say: what it says is about this pod alone.
        if (isOurs && !(readinessProbe?.periodSeconds * readinessProbe?.failureThreshold <= NOT_READY_SECONDS_MAX))
            yield `${nameOf(workload)} is sent requests for long after it has said that it is not ready`;
    }
}

function* gracefulStop(overlay) {
    for (const workload of overlay.of('Deployment')) {
        const [container] = podOf(workload).containers;
        const { rollingUpdate = {} } = workload.spec.strategy ?? {};
        if (rollingUpdate.maxUnavailable !== 0 || rollingUpdate.maxSurge !== 1)
            yield `${nameOf(workload)} takes a replica away before the next one is ready`;
        if (container.lifecycle)
            yield `${nameOf(workload)}: an image without a shell has nothing to run before it stops`;
        const delay = Number(overlay.environmentOf(container).BOURSE_DRAIN_DELAY_MS ?? 0) / 1000;
        if (overlay.isProduction && delay < ENDPOINT_SECONDS)
            yield `${nameOf(workload)} stops ${delay} s after it has said that it is not ready`;
    }
    for (const workload of overlay.of('Deployment', 'StatefulSet')) {
        const environment = overlay.environmentOf(podOf(workload).containers[0]);
        const needed = Number(environment.BOURSE_DRAIN_DELAY_MS ?? 0) / 1000 + CLOSE_SECONDS;
        if (!(podOf(workload).terminationGracePeriodSeconds > needed))
            yield `${nameOf(workload)} is killed before the ${needed} s that its end may take`;
    }
}

function* replicas(overlay) {
    for (const workload of overlay.isProduction ? overlay.of('Deployment', 'StatefulSet') : []) {
        const budget = overlay.of('PodDisruptionBudget').find(found => matches(found.spec.selector, labelsOf(workload)));
        if (budget?.spec.maxUnavailable !== 1 || 'minAvailable' in budget.spec)
            yield `${nameOf(workload)} has no budget that lets one replica go`;
    }
    for (const workload of overlay.isProduction ? overlay.of('Deployment') : []) {
        const scaler = overlay.of('HorizontalPodAutoscaler').find(({ spec }) =>
            spec.scaleTargetRef.kind === workload.kind && spec.scaleTargetRef.name === workload.metadata.name);
        if (!(scaler?.spec.minReplicas >= 2) || !scaler.spec.behavior)
            yield `${nameOf(workload)} has fewer than two replicas, or no pace at which their number changes`;
        if (scaler && 'replicas' in workload.spec)
            yield `${nameOf(workload)} says how many replicas it has, and so does its autoscaler`;
    }
    for (const workload of overlay.of('Deployment')) {
        const spreads = podOf(workload).topologySpreadConstraints ?? [];
        const keys = spreads.filter(spread => isEqual(spread.labelSelector, workload.spec.selector)).map(spread => spread.topologyKey);
        if (!keys.includes('kubernetes.io/hostname') || !keys.includes('topology.kubernetes.io/zone'))
            yield `${nameOf(workload)} is not spread over nodes and zones`;
    }
}

function* headless(overlay) {
    for (const name of SERVICES) {
        const workload = overlay.service(name);
        const environment = overlay.environmentOf(podOf(workload).containers[0]);
        for (const peer of peersOf(name)) {
            const [host, port] = (environment[`BOURSE_${peer.toUpperCase()}_ADDRESS`] ?? '').split(':');
            const service = overlay.find('Service', host);
            const target = overlay.service(peer);
            if (service?.spec.clusterIP !== 'None' || !matches({ matchLabels: service.spec.selector }, labelsOf(target)))
                yield `${nameOf(workload)} calls ${peer} at ${host}, which does not stand for each of its replicas`;
            const listens = overlay.environmentOf(podOf(target).containers[0]).BOURSE_LISTEN?.split(':')[1];
            const open = (podOf(target).containers[0].ports ?? []).map(({ containerPort }) => containerPort);
            if (port !== listens || !CALL_PORTS.every((_, lane) => open.includes(Number(port) + lane)))
                yield `${nameOf(workload)} calls ${peer} at port ${port}, where its four lanes are not`;
        }
    }
}

// Whether the policies let `from` connect to `to` at that port: labels of pods, or anybody outside by address.
function isAllowed(overlay, from, to, port) {
    const holds = (peers, rule, labels) => rule[peers] === undefined || rule[peers].some(peer => labels !== undefined
        ? peer.podSelector && !peer.namespaceSelector && matches(peer.podSelector, labels) : peer.ipBlock);
    const opens = rule => rule.ports === undefined || rule.ports.some(open => open.port === port || (open.port <= port && port <= open.endPort));
    const passes = (type, peers, labels, other) => {
        const selecting = overlay.of('NetworkPolicy').filter(({ spec }) => spec.policyTypes.includes(type) && matches(spec.podSelector, labels));
        return selecting.length === 0 || selecting.some(({ spec }) =>
            (spec[type.toLowerCase()] ?? []).some(rule => holds(peers, rule, other) && opens(rule)));
    };

    return passes('Egress', 'to', from, to) && (to === undefined || passes('Ingress', 'from', to, from));
}

function* policies(overlay) {
    if (!overlay.isProduction)
        return;
    const denies = overlay.of('NetworkPolicy').some(({ spec }) => isEqual(spec, { podSelector: {}, policyTypes: ['Ingress', 'Egress'] }));
    const labels = name => labelsOf(overlay.service(name));
    if (!denies)
        yield 'nothing refuses what is not allowed';
    for (const from of SERVICES)
        for (const to of SERVICES)
            for (const port of [...CALL_PORTS, 7109, 8080]) {
                const is = isAllowed(overlay, labels(from), labels(to), port);
                const ought = CALL_PORTS.includes(port) && to !== 'gateway' && peersOf(from).has(to);
                if (is !== ought)
                    yield `${from} may ${is ? '' : 'not '}connect to ${to} at port ${port}, and ${ought ? 'calls it' : 'does not call it'}`;
            }
    const jobs = overlay.of('Job').map(job => [job.metadata.name, labelsOf(job)]);
    for (const [name, found] of [...SERVICES.map(service => [service, labels(service)]), ...jobs]) {
        if (isAllowed(overlay, found, undefined, 5432) !== (name !== 'gateway'))
            yield `${name} ${name === 'gateway' ? 'reaches' : 'does not reach'} the database`;
        const isLive = name === 'market' && overlay.environmentOf(podOf(overlay.service('market')).containers[0]).BOURSE_MARKET === 'live';
        if (isAllowed(overlay, found, undefined, 443) !== isLive)
            yield `${name} ${isLive ? 'does not reach' : 'reaches'} the web`;
    }
    yield* doors(overlay);
}

// Who comes in from other namespaces, and that names can be asked for.
function* doors(overlay) {
    const rules = (type, name) => overlay.of('NetworkPolicy').filter(({ spec }) => matches(spec.podSelector, labelsOf(overlay.service(name))))
        .flatMap(({ spec }) => spec[type] ?? []);
    const from = (peer, namespace) => peer.namespaceSelector?.matchLabels?.['kubernetes.io/metadata.name'] === namespace;
    const admits = (name, port, namespace) => rules('ingress', name).some(rule =>
        rule.from?.every(peer => from(peer, namespace)) && isEqual(rule.ports.map(open => open.port), [port]));

    for (const name of SERVICES) {
        if (!admits(name, 7109, 'monitoring'))
            yield `${name} is not scraped from the namespace monitoring`;
        if (!rules('egress', name).some(rule => rule.to?.some(peer => from(peer, 'kube-system')) && isEqual(rule.ports.map(open => open.port), [53, 53])))
            yield `${name} cannot ask for names`;
        for (const rule of rules('ingress', name))
            if (rule.from === undefined || rule.from.some(peer => isEqual(peer, {}) || peer.ipBlock || isEqual(peer.namespaceSelector, {})))
                yield `${name} is open to everybody`;
    }
    if (!admits('gateway', 8080, 'ingress-nginx'))
        yield 'the ingress controller does not reach the gateway';
}

function* configuration(overlay) {
    const used = new Map();

    for (const map of overlay.of('ConfigMap'))
        if (!/-[a-z0-9]{10}$/.test(map.metadata.name) && map.metadata.name !== 'database-ca')
            yield `${nameOf(map)} keeps its name when it changes, and the pods keep what they have read`;
    for (const [workload, container] of overlay.containers) {
        if ((container.env ?? []).some(one => one.valueFrom?.secretKeyRef) || (container.envFrom ?? []).some(from => from.secretRef))
            yield `${nameOf(workload)} has a secret in its environment`;
        for (const [name, value] of Object.entries(overlay.environmentOf(container)))
            if (/PASSWORD|SECRET|TOKEN|KEY$|DATABASE$/.test(name) || /BEGIN [A-Z ]*PRIVATE|password=/.test(value))
                yield `${nameOf(workload)} has a secret in its environment: ${name}`;
            else if (/^BOURSE_(MESH_KEY|DATABASE|OWNER_DATABASE)_FILE$/.test(name) && needs(workload, name) && !isFile(overlay, workload, container, value))
                yield `${nameOf(workload)}: ${name} names ${value}, where no secret is`;
        for (const name of secretsOf(workload))
            used.set(name, [...used.get(name) ?? [], workload.metadata.name]);
    }
    for (const [name, users] of used)
        if (name.startsWith('database-') && new Set(users).size > 1)
            yield `Secret/${name} is read by ${[...new Set(users)].join(' and ')}`;
    for (const secret of overlay.of('Secret').filter(found => Object.values(found.data).some(value => /PRIVATE KEY/.test(decode(value)))))
        yield `${nameOf(secret)} has a private key: auth keeps those of tokens, with their kid, and replaces them`;
    if (!read('.gitignore').split('\n').includes('/deploy/k8s/overlays/*/secrets/'))
        yield 'secrets could come into git';
}

const needs = (workload, name) => name !== 'BOURSE_DATABASE_FILE' || workload.metadata.name !== 'gateway';
const secretsOf = workload => (podOf(workload).volumes ?? []).filter(volume => volume.secret).map(volume => volume.secret.secretName);

// Whether a path is that of a secret which the container's user, by its group, and nobody else may read.
function isFile(overlay, workload, container, path) {
    const mount = (container.volumeMounts ?? []).find(({ mountPath }) => path.startsWith(`${mountPath}/`));
    const volume = (podOf(workload).volumes ?? []).find(({ name }) => name === mount?.name);
    const secret = overlay.find('Secret', volume?.secret?.secretName);
    const { fsGroup, runAsGroup } = podOf(workload).securityContext;

    return mount?.readOnly && volume.secret?.defaultMode === 0o440 && fsGroup === runAsGroup && fsGroup > 0 &&
        path.slice(mount.mountPath.length + 1) in (secret?.data ?? {});
}

function* singletons(overlay) {
    const market = overlay.service('market');

    if (market.kind !== 'StatefulSet' || market.spec.replicas !== 1)
        yield `${nameOf(market)}: there is one market, and a Deployment may run two`;
    if (overlay.of('HorizontalPodAutoscaler').some(({ spec }) => spec.scaleTargetRef.name === 'market'))
        yield 'market is scaled';
    for (const workload of overlay.of('Deployment'))
        if (workload.spec.replicas === 1)
            yield `${nameOf(workload)} has one replica, and hopes`;
}

function* database(overlay) {
    const job = overlay.of('Job').find(({ metadata }) => metadata.name.startsWith('migrate-'));
    const migrated = job ? podOf(job).containers.filter(({ args }) => isEqual(args, ['migrate'])).map(({ image }) => /([a-z]+):/.exec(image)[1]) : [];

    if (!isEqual(migrated, SERVICES.filter(name => name !== 'gateway')) || !(job?.spec.ttlSecondsAfterFinished > 0))
        yield 'no Job brings the four schemas up to date, and goes';
    for (const workload of overlay.workloads)
        if (workload !== job && secretsOf(workload).includes('migration'))
            yield `${nameOf(workload)} is the owner of the database`;
    const urls = overlay.of('Secret').flatMap(secret => Object.keys(secret.data).filter(key => /\burl$/.test(key)).map(key => [secret, key]));
    for (const [secret, key] of overlay.isProduction ? urls : []) {
        const url = decode(secret.data[key]);
        const path = /sslmode=verify-full sslrootcert=(\S+)/.exec(url)?.[1];
        for (const [workload, { name, volumeMounts = [] }] of overlay.containers)
            if (secretsOf(workload).includes(secret.metadata.name) && !volumeMounts.some(({ mountPath }) => `${mountPath}/ca.crt` === path))
                yield `${nameOf(workload)}: the container ${name} does not check the database's certificate`;
    }
    for (const workload of overlay.of('StatefulSet').filter(found => /postgres/.test(podOf(found).containers[0].image))) {
        if (overlay.isProduction)
            yield `${nameOf(workload)} is in the cluster`;
        if (!workload.spec.volumeClaimTemplates?.length || !/development/.test(workload.metadata.annotations?.['bourse/purpose'] ?? ''))
            yield `${nameOf(workload)} keeps nothing, or does not say that it is for development`;
    }
}

function* ingress(overlay) {
    if (!overlay.isProduction)
        return;
    const [found] = overlay.of('Ingress');
    const pingSeconds = Number(/A ping comes every (\d+) seconds/.exec(read('docs/streams.md'))[1]);
    const hosts = (found?.spec.rules ?? []).map(({ host }) => host);
    const backends = (found?.spec.rules ?? []).flatMap(({ http }) => http.paths.map(({ backend }) => backend.service));

    if (!found || !isEqual(found.spec.tls?.flatMap(tls => tls.hosts), hosts) || !found.spec.tls.every(tls => tls.secretName))
        yield 'there is no TLS for the host';
    for (const kind of ['read', 'send'])
        if (!(Number(found?.metadata.annotations[`nginx.ingress.kubernetes.io/proxy-${kind}-timeout`]) > 2 * pingSeconds))
            yield `proxy-${kind}-timeout ends streams that are pinged every ${pingSeconds} s`;
    for (const { name, port } of backends)
        if (!overlay.find('Service', name)?.spec.ports.some(open => open.name === port.name))
            yield `the ingress leads to ${name}, port ${port.name}, which is not there`;
    const trusted = overlay.environmentOf(podOf(overlay.service('gateway')).containers[0]).BOURSE_TRUSTED_PROXIES ?? '';
    if (trusted === '' || trusted.split(',').some(network => /\/0$/.test(network)))
        yield `X-Forwarded-For is believed from "${trusted}"`;
}

function* labels(overlay) {
    const wanted = ['name', 'component', 'part-of', 'managed-by', 'version'].map(name => LABEL + name);

    for (const workload of overlay.workloads) {
        for (const label of wanted)
            if (!workload.metadata.labels[label] || labelsOf(workload)[label] !== workload.metadata.labels[label])
                yield `${nameOf(workload)} and its pods are not labelled ${label} alike`;
        if (workload.spec.selector && !isEqual(Object.keys(workload.spec.selector.matchLabels), [`${LABEL}name`]))
            yield `${nameOf(workload)}: what a selector names can never change`;
    }
    for (const document of overlay.documents)
        if (document.metadata.labels?.[`${LABEL}part-of`] !== 'bourse')
            yield `${nameOf(document)} is not labelled as part of bourse`;
    for (const document of overlay.of('Service'))
        if (document.metadata.labels[`${LABEL}component`] !== (document.metadata.name === 'postgres' ? 'database' : 'service'))
            yield `${nameOf(document)} is labelled as another component`;
    for (const [workload, { ports = [] }] of overlay.containers)
        if (ports.some(({ name }) => !name))
            yield `${nameOf(workload)} has a port without a name`;
    for (const { spec } of overlay.of('PodMonitor'))
        for (const name of SERVICES)
            if (!matches(spec.selector, labelsOf(overlay.service(name))) || !spec.podMetricsEndpoints.every(({ port }) =>
                podOf(overlay.service(name)).containers[0].ports.some(open => open.name === port)))
                yield `${name} is not scraped`;
}

function* namespaces(overlay) {
    const [namespace] = overlay.of('Namespace');
    const seen = new Set();

    for (const document of overlay.documents) {
        const key = `${document.apiVersion}/${nameOf(document)}`;
        if (!CLUSTER_KINDS.includes(document.kind) && document.metadata.namespace !== namespace?.metadata.name)
            yield `${nameOf(document)} is in the namespace ${document.metadata.namespace}`;
        if (seen.has(key))
            yield `${nameOf(document)} is there twice`;
        if (document.metadata.generateName || document.status)
            yield `${nameOf(document)} is another one each time it is applied`;
        seen.add(key);
    }
}

function* addressFamilies(overlay) {
    for (const service of overlay.of('Service'))
        if (!isEqual([service.spec.ipFamilyPolicy, service.spec.ipFamilies], ['SingleStack', ['IPv4']]))
            yield `${nameOf(service)} promises IPv6`;
    for (const [workload, container] of overlay.containers)
        for (const [name, value] of Object.entries(overlay.environmentOf(container)))
            if (/_LISTEN$/.test(name) && !/^0\.0\.0\.0:\d+$/.test(value))
                yield `${nameOf(workload)} listens at ${value}`;
}
