/** Prints the JSON Schema of the configuration file. Uses the built settings classes. */
import { configSchema } from '../dist/config/config-schema.js';

process.stdout.write(`${JSON.stringify(configSchema(), undefined, 2)}\n`);
