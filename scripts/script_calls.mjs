// Prints the calls of some functions in scripts: [file, function, first arguments].
// Standard input names the functions and the files; an argument that is no plain text is null.

import { readFileSync } from "node:fs";
import { parse } from "acorn";
import { simple } from "acorn-walk";

const { functions, files } = JSON.parse(readFileSync(0, "utf8"));
const wanted = new Set(functions);
const found = [];

const textOf = (node) => {
  if (node.type === "Literal" && typeof node.value === "string") return node.value;
  return node.type === "TemplateLiteral" && node.quasis.length === 1 ? node.quasis[0].value.cooked : null;
};

for (const file of files) {
  simple(parse(readFileSync(file, "utf8"), { ecmaVersion: "latest", sourceType: "module" }), {
    CallExpression({ callee, arguments: given }) {
      if (wanted.has(callee.name)) found.push([file, callee.name, given.slice(0, 2).map(textOf)]);
    },
  });
}
process.stdout.write(JSON.stringify(found));
