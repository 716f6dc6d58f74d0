/**
 * Prints the JSON Schema of the configuration file, for
 * `config/scicat-globus-proxy-config.schema.json`: constraints from the built settings classes,
 * descriptions from the comments in their source.
 */
import { readFileSync } from 'node:fs';
import { configSchema } from '../dist/config/config-schema.js';
import { settingComments } from './setting-comments.mjs';

const source = readFileSync(new URL('../src/config/settings.ts', import.meta.url), 'utf8');
process.stdout.write(`${JSON.stringify(configSchema(settingComments(source)), undefined, 2)}\n`);
