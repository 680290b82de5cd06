// The command: `npm run simulate -- conflicts|herd [options]`.

import { Command, CommanderError, InvalidArgumentError } from 'commander';
import { conflicts, type ConflictFlags } from './conflicts.js';
import { herd, type HerdFlags } from './herd.js';

/** 1 says that a law or a bound was broken; a simulation that could not begin is something else. */
const kExitUsage = 2;

function count(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1 || value > 1_000_000) throw new InvalidArgumentError('It must be a whole number from 1 to 1000000.');
  return value;
}

const program = new Command('npm run simulate --')
  .description('Worlds drawn from seeds, in virtual time, with the engine itself in them.')
  .exitOverride();
program.command('conflicts')
  .description('Five people write to the same documents under every policy, through partitions, killed workers and wrong clocks.\n' +
    'Exit status 1 unless all see the same afterwards, every counter is the sum of what was added, and whatever gave way\n' +
    'stands in a record or was a person\'s decision.')
  .option('--seeds <number>', 'how many worlds', count, 100)
  .option('--seed <number>', 'the first one\'s', count, 1)
  .option('--json', 'print the figures as JSON on the last line', false)
  .option('--verbose', 'what happens in them, on stderr', false)
  .allowExcessArguments(false)
  .exitOverride()
  .action(async (flags: ConflictFlags) => {
    process.exitCode = await conflicts(flags);
  });
program.command('herd')
  .description('A server dies with all its clients connected and comes back after a minute; beside the live link\'s own machine, three\n' +
    'ways to reconnect that are written by hand. Exit status 1 unless the attempts that the machine makes are spread within\n' +
    'a tenth of evenly, at the death and from the return on, and all are connected in twice the time that the server needs.')
  .option('--clients <number>', 'how many', count, 100_000)
  .option('--capacity <number>', 'connections that the server can accept a second', count, 2_000)
  .option('--seeds <number>', 'how many worlds', count, 3)
  .option('--seed <number>', 'the first one\'s', count, 1)
  .option('--json', 'print the figures and the attempts of each second as JSON on the last line', false)
  .option('--chart <file>', 'draw the first world as SVG')
  .allowExcessArguments(false)
  .exitOverride()
  .action(async (flags: HerdFlags) => {
    process.exitCode = await herd(flags);
  });

try {
  await program.parseAsync();
} catch (error) {
  if (error instanceof CommanderError) {
    process.exitCode = error.exitCode === 0 ? 0 : kExitUsage; // commander has said why
  } else {
    console.error(`simulate: ${(error as Error).message}`);
    process.exitCode = kExitUsage;
  }
}
