// The ready file for `importScripts('holdfast-sw.js')`: one classic script, self-contained, with `holdfast` as a global.

import { holdfast } from './index';

Object.assign(self, { holdfast });
