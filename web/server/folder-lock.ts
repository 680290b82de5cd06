import { mkdir, open, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';

/**
 * Two servers on one data folder would destroy it: PGlite doesn't lock it. The lock is a file with the owner's
 * process id; one whose process is gone was left by a crash and is taken over.
 * Gives the function that lets go.
 */
export async function lockFolder(folder: string): Promise<() => Promise<void>> {
  await mkdir(folder, { recursive: true });
  const file = join(folder, 'server.lock');
  for (;;) {
    try {
      const handle = await open(file, 'wx');
      await handle.writeFile(String(process.pid));
      await handle.close();
      return () => rm(file, { force: true });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
    const owner = Number(await readFile(file, 'utf8').catch(() => ''));
    if (isAlive(owner)) {
      throw new Error(`the data folder ${folder} is in use by process ${owner}; stop it, or give another folder with --data`);
    }
    await rm(file, { force: true });
  }
}

function isAlive(pid: number): boolean {
  // Our own id in a file that we didn't write: a container that starts anew counts its processes anew.
  if (!Number.isInteger(pid) || pid <= 0 || pid === process.pid) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
