import { createHash, randomBytes } from 'node:crypto';
import { access, mkdtemp, readdir, rm, symlink } from 'node:fs/promises';
import { createConnection, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';

/** Another process uses the data directory. */
export class DataDirHeldError extends Error {
  /** `null`: the holder does not answer. */
  readonly pid: number | null;

  constructor(dataDir: string, pid: number | null) {
    const who = pid === null ? 'another process' : `the process ${pid}`;
    super(
      `${dataDir} is in use by ${who}. Only one \`errand up\` runs on a data directory: stop the other, or set ERRAND_DATA_DIR.`,
    );
    this.name = 'DataDirHeldError';
    this.pid = pid;
  }
}

export type Hold = {
  /** Repeatable; a process that is killed releases by that. */
  release(): Promise<void>;
};

type State = 'contending' | 'holding';
type Claim = { server: Server; file: string; state: State };
/** How another process's socket answered. */
type Answer = { state: State; pid: number | null } | 'dead';

const socketPattern = /^up-[0-9a-f]{12}\.sock$/;
const answerMs = 1_000;
const attempts = 50;
/** `sun_path` holds 104 bytes with its final NUL on macOS, 108 on Linux. */
const longestSocketPath = 100;

/**
 * Holds the data directory for this process alone. A hold is a listening socket, which dies with its process, so that
 * after a kill -9 nothing is in the way; a pid file could name a process that is another's by now.
 *
 * Each contender listens on a socket whose name is never used again, and then asks all others. So a dead socket may be
 * removed without care, and of two contenders the one that looked last sees the other: whoever sees a holder is refused,
 * whoever sees another contender retreats and tries again a little later.
 *
 * @throws DataDirHeldError
 */
export async function holdDataDir(dataDir: string): Promise<Hold> {
  if (process.platform === 'win32') return holdPipe(dataDir);
  const { directory, tidy } = await shortPath(dataDir);
  try {
    for (let attempt = 0; attempt < attempts; attempt += 1) {
      const hold = await tryToHold(dataDir, directory);
      if (hold !== null) return hold;
      await new Promise((resolve) => setTimeout(resolve, 10 + Math.random() * 90));
    }
    throw new DataDirHeldError(dataDir, null);
  } finally {
    await tidy();
  }
}

/** `null`: another contends, too. */
async function tryToHold(dataDir: string, directory: string): Promise<Hold | null> {
  const file = `up-${randomBytes(6).toString('hex')}.sock`;
  const claim: Claim = { server: createServer(), file: path.join(dataDir, file), state: 'contending' };
  await listen(claim, path.join(directory, file));
  const release = () => retreat(claim);
  try {
    const others = await otherClaims(dataDir, directory, file);
    const holder = others.find(({ state }) => state === 'holding');
    if (holder !== undefined) throw new DataDirHeldError(dataDir, holder.pid);
    // A contender that looked between our bind and our listen has taken our socket for a dead one.
    if (others.length > 0 || !(await exists(claim.file))) {
      await release();
      return null;
    }
    claim.state = 'holding';
    return { release };
  } catch (error) {
    await release();
    throw error;
  }
}

async function otherClaims(dataDir: string, directory: string, own: string): Promise<Exclude<Answer, 'dead'>[]> {
  const names = (await readdir(dataDir)).filter((name) => socketPattern.test(name) && name !== own);
  const answers = await Promise.all(
    names.map(async (name) => {
      const answer = await ask(path.join(directory, name));
      if (answer === 'dead') await rm(path.join(dataDir, name), { force: true });
      return answer;
    }),
  );
  return answers.filter((answer) => answer !== 'dead');
}

function listen(claim: Claim, address: string): Promise<void> {
  const { server } = claim;
  server.on('connection', (socket) => {
    socket.on('error', () => undefined);
    socket.end(JSON.stringify({ pid: process.pid, state: claim.state }));
  });
  // A hold keeps nothing alive.
  server.unref();
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(address, resolve);
  });
}

async function retreat({ server, file }: Claim): Promise<void> {
  await rm(file, { force: true });
  await new Promise<void>((resolve) => server.close(() => resolve()));
}

function ask(address: string): Promise<Answer> {
  return new Promise((resolve) => {
    const socket = createConnection(address);
    let said = '';
    const finish = (answer: Answer) => {
      socket.destroy();
      resolve(answer);
    };
    socket.setEncoding('utf8');
    // Whoever listens but does not answer is stopped or busy, and holds what it holds.
    socket.setTimeout(answerMs, () => finish({ state: 'holding', pid: null }));
    socket.on('data', (data) => {
      said += data;
    });
    socket.on('end', () => finish(parse(said)));
    socket.on('error', ({ code }: NodeJS.ErrnoException) =>
      finish(code === 'ECONNREFUSED' || code === 'ENOENT' ? 'dead' : { state: 'holding', pid: null }),
    );
  });
}

function parse(said: string): Answer {
  const match = /^\{"pid":(\d+),"state":"(contending|holding)"\}$/.exec(said);
  if (match === null) return { state: 'holding', pid: null };
  return { pid: Number(match[1]), state: match[2] === 'contending' ? 'contending' : 'holding' };
}

/** Another way to the data directory where its own path is too long for a socket: a symlink, removed right afterwards. */
async function shortPath(dataDir: string): Promise<{ directory: string; tidy(): Promise<void> }> {
  const longestName = '/up-000000000000.sock';
  if (Buffer.byteLength(dataDir) + longestName.length <= longestSocketPath) {
    return { directory: dataDir, tidy: async () => undefined };
  }
  const alias = await mkdtemp(path.join(tmpdir(), 'errand-'));
  await symlink(dataDir, path.join(alias, 'd'));
  return { directory: path.join(alias, 'd'), tidy: () => rm(alias, { recursive: true, force: true }) };
}

/** On Windows a named pipe has one owner and is gone with it. */
async function holdPipe(dataDir: string): Promise<Hold> {
  const address = `\\\\.\\pipe\\errand-${createHash('sha256').update(dataDir.toLowerCase()).digest('hex').slice(0, 32)}`;
  const claim: Claim = { server: createServer(), file: '', state: 'holding' };
  await listen(claim, address).catch(async (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EADDRINUSE') throw error;
    const answer = await ask(address);
    throw new DataDirHeldError(dataDir, answer === 'dead' ? null : answer.pid);
  });
  return { release: () => new Promise<void>((resolve) => claim.server.close(() => resolve())) };
}

async function exists(file: string): Promise<boolean> {
  return access(file).then(
    () => true,
    () => false,
  );
}
