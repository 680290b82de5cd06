// The compiled module: its instances, and which release it is of.

import createModule, { type Module } from 'holdfast-glue';

export async function instantiate(code: WebAssembly.Module): Promise<Module> {
  return new Promise<Module>((resolve, reject) => {
    createModule({
      instantiateWasm: (imports, done) => {
        WebAssembly.instantiate(code, imports).then(done, reject);  // the glue itself would wait for ever
        return {};
      },
    }).then(resolve, reject);
  });
}

/** In hexadecimal digits. */
export async function sha256(bytes: ArrayBuffer | Uint8Array<ArrayBuffer>): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
  return [...digest].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}
