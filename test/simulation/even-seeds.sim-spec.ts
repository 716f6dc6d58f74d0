import { simulateHalf } from './runner.js';

simulateHalf(0);
