// Prints, for each script that is named, the changes that mutation sampling may make in it (see python_mutants.py).

import { readFileSync } from "node:fs";
import { parse } from "acorn";

const SYMBOLS = {
  "<": ["<=", ">="], "<=": ["<", ">"], ">": [">=", "<="], ">=": [">", "<"], "===": ["!=="], "!==": ["==="],
  "+": ["-"], "-": ["+"], "*": ["/"], "/": ["*"], "%": ["*"], "**": ["*"], "&&": ["||"], "||": ["&&"],
};
const OPERATORS = { BinaryExpression: "arithmetic", LogicalExpression: "boolean" };
const isText = (node) => node.type === "TemplateLiteral" || (node.type === "Literal" && typeof node.value === "string");
const isTruth = (node) => ["LogicalExpression", "UnaryExpression"].includes(node.type) || (node.type === "BinaryExpression" && /[<>=]/.test(node.operator));

/** Every change of a script: UTF-16 positions, which `inBytes` converts. */
function* findChanges(text, comments) {
  const tree = parse(text, { ecmaVersion: "latest", sourceType: "module", locations: true, onComment: comments });
  const shown = (node) => text.slice(node.start, node.end);

  function* changesOf(node, statement) {
    const change = (operator, start, end, after) => ({ operator, start, end, after, statement });
    const replace = (operator, part, after) => change(operator, part.start, part.end, after);
    const force = function* (test, loops) {
      if (!test || test.type === "Literal" || /[^=!<>]=[^=>]/.test(shown(test))) return; // an assignment is no condition alone
      for (const forced of loops ? ["false"] : ["true", "false"]) yield replace("condition", test, forced);
    };
    switch (node.type) {
      case "BinaryExpression":
      case "LogicalExpression": {
        if (isText(node.left) || isText(node.right)) if (node.operator === "+") return;
        const from = node.left.end;
        const at = text.slice(from, node.right.start).indexOf(node.operator);
        const commented = comments.some((comment) => comment.start < node.right.start && comment.end > from);
        const kind = /^[<>=!]/.test(node.operator) ? "comparison" : OPERATORS[node.type];
        if (at >= 0 && !commented) for (const after of SYMBOLS[node.operator] ?? []) yield change(kind, from + at, from + at + node.operator.length, after);
        return;
      }
      case "UnaryExpression":
        if (node.operator === "!") yield change("boolean", node.start, node.start + 1, "");
        return;
      case "Literal":
        if (typeof node.value !== "number") return;
        yield replace("number", node, String(node.value + 1));
        if (node.value && !text.slice(0, node.start).trimEnd().endsWith("-")) yield replace("number sign", node, `(-${node.raw})`);
        return;
      case "IfStatement":
      case "ConditionalExpression":
        yield* force(node.test, false);
        return;
      case "WhileStatement":
      case "ForStatement":
        yield* force(node.test, true);
        return;
      case "ReturnStatement":
        if (!node.argument || shown(node.argument) === "null") return;
        yield replace("return value", node.argument, "null");
        if (isTruth(node.argument)) yield replace("return value", node.argument, `!(${shown(node.argument)})`);
        return;
      case "BreakStatement":
      case "ContinueStatement":
        if (!node.label && statement.loop) yield change("loop", node.start, node.end, node.type === "BreakStatement" ? "continue;" : "break;");
        return;
      case "ExpressionStatement":
        if (node.expression.type === "CallExpression") yield replace("removed call", node, ";");
        return;
      case "MemberExpression":
        if (node.computed && isText(node.property) && node.property.raw) yield replace("string key", node.property, `${node.property.raw.slice(0, -1)}_${node.property.raw.at(-1)}`);
        return;
      default:
    }
  }

  function* visit(node, statement) {
    if (node.type.startsWith("Import") || (node.type === "CallExpression" && /^console\b/.test(shown(node.callee)))) return;
    const begins = /Statement|Declaration/.test(node.type) && node.type !== "BlockStatement";
    const loops = /^(For|While|DoWhile)/.test(node.type);
    const inside = begins
      ? { first: node.loc.start.line, last: node.loc.end.line, loop: loops || (statement.loop && !/Function|Switch/.test(node.type)) }
      : statement;
    yield* changesOf(node, inside);
    for (const [name, value] of Object.entries(node)) {
      if (node.type === "Property" && name === "key" && !node.computed) continue;
      for (const child of Array.isArray(value) ? value : [value]) {
        if (child && typeof child.type === "string" && child.start !== undefined) yield* visit(child, inside);
      }
    }
  }
  yield* visit(tree, { first: 1, last: 1, loop: false });
}

/** A change in the form of python_mutants.Change: positions count bytes. */
function inBytes(text, { operator, start, end, after, statement }) {
  const from = Buffer.byteLength(text.slice(0, start));
  const to = from + Buffer.byteLength(text.slice(start, end));
  const line = text.slice(0, start).split("\n").length;
  return { operator, start: from, end: to, after, line, first: statement.first, last: statement.last, at_import: false };
}

const found = process.argv.slice(2).map((file) => {
  const text = readFileSync(file, "utf8");
  return [...findChanges(text, [])].map((change) => inBytes(text, change));
});
process.stdout.write(JSON.stringify(found));
