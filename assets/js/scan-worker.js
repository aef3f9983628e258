// Reads QR codes in pictures. The server sends this file with a policy of its own, under which WebAssembly may run: no
// page has to allow it (docs/adr/0038-scanning-codes.md).
import { prepareZXingModule, readBarcodes } from "zxing-wasm/reader";

let prepared = "";

self.addEventListener("message", async ({ data: { pixels, wasm } }) => {
  if (prepared !== wasm) {
    prepareZXingModule({ overrides: { locateFile: () => wasm } });
    prepared = wasm;
  }
  try {
    const found = await readBarcodes(pixels, { formats: ["QRCode"], tryHarder: true });
    self.postMessage({ texts: found.filter(({ isValid }) => isValid).map(({ text }) => text) });
  } catch (error) {
    self.postMessage({ texts: [], error: String(error) });
  }
});
