// The part of the test site's worker that is the same for every configuration; each test's own /sw.js loads
// it with importScripts and calls `holdfast` with what it wants to try.

import { credential, cursor, holdfast, token } from 'holdfast/service-worker';

Object.assign(self, { credential, cursor, holdfast, token });
