// The part of the test site's worker that is the same for every configuration; each test's own /sw.js loads
// it with importScripts and calls `holdfast` with what it wants to try.

import { holdfast } from 'holdfast/service-worker';

Object.assign(self, { holdfast });
