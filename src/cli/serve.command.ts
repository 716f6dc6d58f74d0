import { type CommandInstaller, type CommonOptions, configArguments } from './common/program.js';

/** `serve`: what `node dist/main.js` does. */
export const serveCommand: CommandInstaller = (program) => {
  program
    .command('serve')
    .description('Run the service until SIGTERM or Ctrl-C.')
    .action(async (_options, command: { optsWithGlobals(): CommonOptions }) => {
      // Only this command loads the whole service; the others are to start at once.
      const { serve } = await import('../app/serve.js');
      await serve(configArguments(command.optsWithGlobals()));
    });
};
