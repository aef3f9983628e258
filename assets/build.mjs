// The half of the build that needs node: sass -> css, esbuild -> js, into the folder given as the first argument.
// Prints one JSON line: the packages whose code went into each bundle, and every file that was read.
import { build } from "esbuild";
import { copyFileSync, readdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { compile } from "sass";

const here = path.dirname(fileURLToPath(import.meta.url));
const out = process.argv[2];
const packages = new Set();

function note(file) {
  const parts = file.split("node_modules/").at(-1).split("/");
  if (file.includes("node_modules/")) packages.add(parts[0].startsWith("@") ? `${parts[0]}/${parts[1]}` : parts[0]);
}

for (const name of readdirSync(path.join(here, "scss")).filter((file) => /^[^_].*\.scss$/.test(file))) {
  const result = compile(path.join(here, "scss", name), {
    loadPaths: [path.join(here, "node_modules")],
    style: "compressed",
    quietDeps: true,
    silenceDeprecations: ["import"], // Bootstrap 5.3 is written with @import; there is no other entrance yet
  });
  result.loadedUrls.forEach((url) => note(fileURLToPath(url)));
  writeFileSync(path.join(out, name.replace(/\.scss$/, ".css")), result.css);
}

const entries = readdirSync(path.join(here, "js")).filter((file) => file.endsWith(".js"));
const { metafile } = await build({
  absWorkingDir: here,
  entryPoints: entries.map((file) => path.join(here, "js", file)),
  outdir: out,
  bundle: true,
  minify: true,
  format: "esm",
  target: ["es2021"],
  charset: "utf8",
  legalComments: "none", // the full texts are written to licences.txt
  metafile: true,
  logLevel: "warning",
});

// what a script of a package asks for at a given address
const beside = ["zxing-wasm/dist/reader/zxing_reader.wasm"];
beside.forEach((file) => copyFileSync(path.join(here, "node_modules", file), path.join(out, path.basename(file))));
Object.values(metafile.outputs).forEach((output) => Object.keys(output.inputs).forEach(note));
console.log(JSON.stringify({ packages: [...packages].sort() }));
