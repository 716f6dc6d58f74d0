import { type CommandInstaller, type CommonOptions, configArguments } from './common/program.js';

/** `serve`: the same as `node dist/main.js`. */
export const serveCommand: CommandInstaller = (program) => {
  program
    .command('serve')
    .description('Run the service until SIGTERM or Ctrl-C.')
    .action(async (_options, command: { optsWithGlobals(): CommonOptions }) => {
      // Imported here so that other commands start without loading the service.
      const { serve } = await import('../app/serve.js');
      await serve(configArguments(command.optsWithGlobals()));
    });
};
