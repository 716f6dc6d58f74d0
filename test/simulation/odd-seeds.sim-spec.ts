import { simulateHalf } from './runner.js';

simulateHalf(1);
