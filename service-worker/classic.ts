// The ready file for `importScripts('holdfast-sw.js')`: one classic script, self-contained, with `holdfast` as a global,
// and what declarations are made of as its members: `holdfast.now`.

import { credential, cursor, given, holdfast, increment, now, token, url } from './index';

Object.assign(self, { holdfast: Object.assign(holdfast, { credential, cursor, given, increment, now, token, url }) });
