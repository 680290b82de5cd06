// Runs the worlds, which are C++ (main.cpp): the engine's own code a hundred thousand times over.

import { spawn } from 'node:child_process';
import path from 'node:path';

const kProgram = path.resolve(import.meta.dirname, '../../build/release/simulate');

/** @returns what the program printed; its words about what went wrong go to stderr as they come */
export function simulate(args: string[], signal: AbortSignal): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(kProgram, args, { stdio: ['ignore', 'pipe', 'inherit'], signal });
    let output = '';
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => { output += chunk; });
    child.on('error', reject);
    child.on('close', (status, by) => {
      if (status === 0 || status === 1) resolve(output);
      else reject(new Error(`simulate ${args.join(' ')} ended with ${by ?? `status ${status}`}`));
    });
  });
}
