// A server whose wall clock is ahead; by libfaketime, where Debian puts it.
import fs from 'node:fs';
import { Skip } from './skip.mjs';

const FOLDERS = ['/usr/lib/x86_64-linux-gnu', '/usr/lib/aarch64-linux-gnu', '/usr/lib'];

/** The environment of a process that believes it is later.
 *  @param {string} by such as `+2m` */
export function ahead(by) {
  const library = FOLDERS.map((folder) => `${folder}/faketime/libfaketimeMT.so.1`).find(fs.existsSync);
  if (!library) throw new Skip('libfaketime is not installed');
  return { LD_PRELOAD: library, FAKETIME: by, DONT_FAKE_MONOTONIC: '1', FAKETIME_DONT_FAKE_MONOTONIC: '1' };
}
