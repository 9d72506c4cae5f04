#!/usr/bin/env node
// A platform and a router for slipway in one file: docs/formats/command-driver.md made concrete.
//
//   node driver.js /var/lib/my-world < request.json > answer.json
//
// Its world is a folder. Instances are plain child processes, each with a folder of its own; the
// router writes who gets the traffic into numbered files, which a proxy of yours would read. Replace
// start(), stop() and the routes by calls to your own platform; keep the four rules:
// never wait, stamp everything with the op, say what you know, observe what really is.
'use strict';
const fs = require('fs');
const net = require('net');
const path = require('path');
const { execSync, spawn } = require('child_process');

const world = path.resolve(process.argv[2] || '.slipway-world');

// ---- small things -------------------------------------------------------------------------------
const failure = (code, what, next = '') => ({ error: { code, what, next } });
const applied = { outcome: 'applied' };
const notApplied = (code, what, next) => ({ outcome: 'not_applied', ...failure(code, what, next) });
const read = (file, otherwise = '') => {
  try { return fs.readFileSync(file, 'utf8'); } catch (e) { if (e.code === 'ENOENT') return otherwise; throw e; }
};
const names = (folder) => {
  try { return fs.readdirSync(folder).sort(); } catch (e) { if (e.code === 'ENOENT') return []; throw e; }
};
// Whole or not at all: a reader never sees half a file.
const write = (file, text) => { fs.writeFileSync(file + '.new', text); fs.renameSync(file + '.new', file); };
const lastLines = (file, count) => read(file).split('\n').filter((line) => line !== '').slice(-count);

function freePort() {
  return new Promise((resolve, reject) => {
    const server = net.createServer().on('error', reject);
    server.listen(0, '127.0.0.1', () => { const { port } = server.address(); server.close(() => resolve(port)); });
  });
}

function secretValue(secret) {
  if (secret.env) {
    if (process.env[secret.env] === undefined) throw new Error(`variable ${secret.env} is not set`);
    return process.env[secret.env];
  }
  if (secret.file) return fs.readFileSync(secret.file, 'utf8').trimEnd();
  return execSync(secret.command, { encoding: 'utf8', timeout: 5000 }).trimEnd();
}

// ---- runs: one process in one folder ------------------------------------------------------------
// The shell stays beside the process to keep its exit status; its own signals only end the wait.
const KEEPER = 'echo $$ > pid.new; mv pid.new pid; trap : TERM INT HUP QUIT; cd "$SLIPWAY_DIR"; ' +
  'sh -c "$SLIPWAY_COMMAND"; echo $? > "$SLIPWAY_RUN/exit.new"; mv "$SLIPWAY_RUN/exit.new" "$SLIPWAY_RUN/exit"';

async function start(run, spec, meta, variables) {
  const secrets = {};
  for (const secret of spec.secrets || []) secrets[secret.name] = secretValue(secret);
  const port = spec.listens ? await freePort() : 0;
  fs.mkdirSync(path.dirname(run), { recursive: true });
  fs.mkdirSync(run);  // fails when another call has just begun the same run
  write(path.join(run, 'meta.json'), JSON.stringify({ ...meta, address: port ? `127.0.0.1:${port}` : '',
    stop_signal: spec.stop_signal, stop_timeout_ms: spec.stop_timeout_ms }));
  const log = fs.openSync(path.join(run, 'log'), 'a');
  spawn('sh', ['-c', KEEPER], {
    cwd: run, detached: true, stdio: ['ignore', log, log],
    env: { ...process.env, ...spec.env, ...secrets, ...variables, ...(port ? { PORT: String(port) } : {}),
      SLIPWAY_RUN: run, SLIPWAY_DIR: spec.dir || run, SLIPWAY_COMMAND: spec.run },
  }).on('error', () => {}).unref();
}

function isAlive(run, pid) {
  // A process of this number may be somebody else's by now: ours carries its run in its environment.
  try { return fs.readFileSync(`/proc/${pid}/environ`, 'latin1').split('\0').includes(`SLIPWAY_RUN=${run}`); }
  catch { return false; }
}

function look(run) {
  const meta = JSON.parse(read(path.join(run, 'meta.json'), '{}'));
  const pid = Number(read(path.join(run, 'pid'), '0'));
  const exit = read(path.join(run, 'exit')).trim();
  const stopping = read(path.join(run, 'stopping'));
  const alive = exit === '' && pid > 0 && isAlive(run, pid);
  const over = exit !== '' || (pid > 0 && !alive);
  let state = 'starting';
  if (stopping !== '') state = over ? 'gone' : 'draining';
  else if (over) state = 'failed';
  else if (alive) state = 'running';
  return { run, meta, pid, exit, state, stoppingSince: Number(stopping) };
}

function signal(seen, name) {
  try { process.kill(-seen.pid, name); } catch (e) { if (e.code !== 'ESRCH') throw e; }
}

// Once: many programs take a second TERM for "now, without cleaning up".
function signalStop(seen) {
  const mark = path.join(seen.run, 'signalled');
  if (fs.existsSync(mark)) return;
  write(mark, '');
  signal(seen, 'SIG' + (seen.meta.stop_signal || 'TERM').replace(/^SIG/, ''));
}

function stop(seen) {
  if (seen.state === 'gone' || seen.state === 'draining') return;
  write(path.join(seen.run, 'stopping'), String(Date.now()));
  if (seen.state === 'running') signalStop(seen);
}

// Nobody waits for a stop to end, so whoever looks later does what is due: the stop signal when the
// process was not there yet, and KILL after the time-out.
function finishStop(seen) {
  if (seen.state !== 'draining' || seen.pid === 0) return;
  signalStop(seen);
  if (Date.now() - seen.stoppingSince > (seen.meta.stop_timeout_ms || 10000)) signal(seen, 'SIGKILL');
}

// ---- the platform -------------------------------------------------------------------------------
const slotFolder = (slot) => path.join(world, 'slots', slot.app, slot.environment, slot.service, slot.release);

// Every run of the slot: folders "<index>.<how many times it was started before>".
function runs(slot) {
  const folder = slotFolder(slot);
  return names(folder).filter((name) => /^\d+\.\d+$/.test(name)).map((name) => {
    const [index, restarts] = name.split('.').map(Number);
    return { ...look(path.join(folder, name)), index, restarts };
  });
}
const latest = (all, index) => all.filter((seen) => seen.index === index).sort((a, b) => b.restarts - a.restarts)[0];

// A run that failed and was started again is history; one that is still ending is shown beside its successor.
const shown = (all) => all.filter((seen) => seen.state === 'draining' ||
  (seen === latest(all, seen.index) && seen.state !== 'gone')).sort((a, b) => a.index - b.index);

const instanceName = (slot, index) => `${slot.service}/${slot.release}/${index}`;

const platform = {
  capabilities: () => ({ name: 'example processes', side_by_side: true, addressable: true, one_off: true, third_share: true }),

  preflight: () => ({ findings: [] }),

  observe({ slot }) {
    const all = runs(slot);
    all.forEach(finishStop);
    return { instances: shown(all).map((seen) => ({
      id: instanceName(slot, seen.index), index: seen.index, address: seen.meta.address || '', state: seen.state,
      restarts: seen.restarts, op: seen.meta.op || '',
      why: seen.state === 'failed' ? [`exit status ${seen.exit || 'unknown (killed)'}`,
        ...lastLines(path.join(seen.run, 'log'), 5)].join('\n') : '' })) };
  },

  async ensure({ slot, spec, count, op }) {
    const stamp = path.join(slotFolder(slot), 'last-op');
    if (read(stamp) === op) return applied;
    if (spec.dir && !fs.existsSync(spec.dir)) return notApplied('NotFound', `there is no folder ${spec.dir}`, 'correct "dir"');
    const all = runs(slot);
    for (let index = 0; index < count; ++index) {
      const last = latest(all, index);
      if (last && (last.state === 'running' || last.state === 'starting')) continue;
      const restarts = last ? last.restarts + 1 : 0;
      await start(path.join(slotFolder(slot), `${index}.${restarts}`), spec, { op },
        { SLIPWAY_INSTANCE: instanceName(slot, index), SLIPWAY_VERSION: spec.version, SLIPWAY_RELEASE: slot.release });
    }
    all.filter((seen) => seen.index >= count).forEach(stop);
    fs.mkdirSync(slotFolder(slot), { recursive: true });
    write(stamp, op);
    return applied;
  },

  retire({ slot, op }) {
    runs(slot).forEach(stop);
    if (fs.existsSync(slotFolder(slot))) write(path.join(slotFolder(slot), 'last-op'), op);
    return applied;
  },

  slots({ app, environment }) {
    const folder = path.join(world, 'slots', app, environment);
    const slots = [];
    for (const service of names(folder)) {
      for (const release of names(path.join(folder, service))) {
        const slot = { app, environment, service, release };
        if (shown(runs(slot)).length > 0) slots.push(slot);
      }
    }
    return { slots };
  },

  async run_once({ task, op }) {
    const run = path.join(world, 'tasks', op.replaceAll('/', '_'));
    if (fs.existsSync(run)) return applied;
    await start(run, { ...task.spec, listens: false }, { op, until: Date.now() + task.timeout_ms }, {});
    return applied;
  },

  observe_once({ op }) {
    const run = path.join(world, 'tasks', op.replaceAll('/', '_'));
    if (!fs.existsSync(run)) return { state: 'missing', exit_code: 0, last_lines: '' };
    const seen = look(run);
    if (seen.state === 'running' && Date.now() > seen.meta.until) signal(seen, 'SIGKILL');
    const state = seen.exit === '0' ? 'succeeded' : seen.state === 'failed' ? 'failed' : 'running';
    return { state, exit_code: state === 'failed' ? Number(seen.exit || 137) : 0,
      last_lines: lastLines(path.join(run, 'log'), 20).join('\n') };
  },

  output({ slot, lines }) {
    const all = runs(slot);
    const out = all.sort((a, b) => a.index - b.index || a.restarts - b.restarts).flatMap((seen) =>
      lastLines(path.join(seen.run, 'log'), lines).map((line) => `${instanceName(slot, seen.index)} | ${line}`));
    return { lines: out.slice(-lines) };
  },
};

// ---- the router ---------------------------------------------------------------------------------
const routeFolder = ({ app, environment }) => path.join(world, 'routes', app, environment);

function currentRoute(request) {
  const newest = names(routeFolder(request)).map(Number).filter((n) => n > 0).sort((a, b) => b - a)[0];
  if (newest === undefined) return { number: 0, epoch: 0, op: '', split: { shares: [], fronts: [], mode: 'serve' } };
  return { number: newest, ...JSON.parse(read(path.join(routeFolder(request), String(newest)))) };
}
const versionOf = (route) => (route.number === 0 ? '' : String(route.number));

const router = {
  capabilities: () => ({ name: 'example files', weights: true, drain: true, maintenance: true }),

  preflight: () => ({ findings: [] }),

  observe_split(request) {
    const route = currentRoute(request);
    return { split: route.split, version: versionOf(route), epoch: route.epoch, op: route.op, settled: true };
  },

  set_split(request) {
    const { split, expected, epoch, op } = request;
    const route = currentRoute(request);
    if (epoch < route.epoch) return notApplied('Fenced', `epoch ${epoch} is older than ${route.epoch}`);
    if (op === route.op) return applied;
    if (expected !== versionOf(route)) {
      return notApplied('Conflict', `the split is at version "${versionOf(route)}", not "${expected}"`);
    }
    const folder = routeFolder(request);
    fs.mkdirSync(folder, { recursive: true });
    const draft = path.join(folder, `draft-${process.pid}`);
    fs.writeFileSync(draft, JSON.stringify({ split, epoch, op }));
    try {
      fs.linkSync(draft, path.join(folder, String(route.number + 1)));  // one of two writers wins
    } catch (e) {
      if (e.code !== 'EEXIST') throw e;
      return notApplied('Conflict', `another writer has just made version ${route.number + 1}`);
    } finally {
      fs.unlinkSync(draft);
    }
    return applied;
  },

  // The proxy that reads these files keeps the number of requests it has at an address in
  // requests/<address>; those at addresses that get no new ones are what drains.
  observe_drain(request) {
    const { split } = currentRoute(request);
    const serving = new Set(split.shares.filter((share) => share.percent > 0).flatMap((share) => share.addresses));
    const left = new Map();
    for (const number of names(routeFolder(request)).filter((name) => /^\d+$/.test(name))) {
      const { shares } = JSON.parse(read(path.join(routeFolder(request), number))).split;
      for (const { service, release, addresses } of shares) {
        for (const address of addresses) if (!serving.has(address)) left.set(address, { service, release, address });
      }
    }
    const draining = [...left.values()].map((place) => ({ ...place, in_flight: Number(read(path.join(world, 'requests', place.address), '0')) }));
    return { draining: draining.filter((place) => place.in_flight > 0) };
  },
};

// ---- one request, one answer --------------------------------------------------------------------
async function answer(request) {
  if (request.slipway !== 1) return failure('Unsupported', `this script speaks format 1, not ${request.slipway}`);
  const part = request.for === 'router' || request.call in router && !(request.call in platform) ? router : platform;
  if (!(request.call in part)) return failure('Unsupported', `this script has no call "${request.call}"`);
  return part[request.call](request);
}

answer(JSON.parse(fs.readFileSync(0, 'utf8'))).then(
  (said) => process.stdout.write(JSON.stringify(said) + '\n'),
  // Something broke on the way: whether the change was made is not known, and that is what to say.
  (e) => process.stdout.write(JSON.stringify({ outcome: 'unknown', ...failure('CommandFailed', String(e.message || e)) }) + '\n'));
