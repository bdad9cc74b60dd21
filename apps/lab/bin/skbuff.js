#!/usr/bin/env node
// A file that is there before the package is built, so that the command is linked by the first install.
import '../dist/main.js';
