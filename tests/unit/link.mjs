// Link every module of the app and the pages below a folder, without running it: an import of what nobody exports is told, a cycle is none.
// node --experimental-vm-modules link.mjs FOLDER -> one line a problem
import fs from "node:fs";
import path from "node:path";
import vm from "node:vm";

const folder = path.resolve(process.argv[2]);
const known = new Map();
const module = (file) => {
  if (!known.has(file)) known.set(file, new vm.SourceTextModule(fs.readFileSync(file, "utf8"), { identifier: file }));
  return known.get(file);
};
const link = (given, from) => module(path.resolve(path.dirname(from.identifier), given));
for (const name of ["app", "pages"]
  .flatMap((floor) => fs.readdirSync(path.join(folder, floor), { recursive: true }).map((one) => path.join(floor, one)))
  .filter((one) => one.endsWith(".js"))
  .sort()) {
  try {
    known.clear();
    await module(path.join(folder, name)).link(link);
  } catch (why) {
    console.log(`${name}: ${why.message}`);
  }
}
