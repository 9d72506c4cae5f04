// usage: node judge.mjs MESSAGE.json ADDRESS
// Two questions about a message of slipway's: does it fit Slack's own types, and does Slack's own client
// send it to ADDRESS as it is? Exit status 0: yes to both.
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import path from "node:path";
import ts from "typescript";
import { IncomingWebhook } from "@slack/webhook";

const [file, address] = process.argv.slice(2);
const text = readFileSync(file, "utf8");
const here = path.dirname(fileURLToPath(import.meta.url));
const name = path.join(here, "message.ts");
const source =
  `import type { KnownBlock } from "@slack/types";\n` +
  `export const message: { text: string; blocks: KnownBlock[] } = ${text};\n`;

const options = { strict: true, noEmit: true, skipLibCheck: true, moduleResolution: ts.ModuleResolutionKind.Node10 };
const host = ts.createCompilerHost(options);
const original = host.getSourceFile.bind(host);
host.getSourceFile = (wanted, ...rest) =>
  path.resolve(wanted) === name ? ts.createSourceFile(wanted, source, ts.ScriptTarget.ES2022) : original(wanted, ...rest);
const exists = host.fileExists.bind(host);
host.fileExists = (wanted) => path.resolve(wanted) === name || exists(wanted);
const program = ts.createProgram([name], options, host);
const found = ts.getPreEmitDiagnostics(program);
for (const one of found) console.error(ts.flattenDiagnosticMessageText(one.messageText, "\n"));
if (found.length > 0) process.exit(1);

const answer = await new IncomingWebhook(address).send(JSON.parse(text));
if (answer.text !== "ok") {
  console.error(`the receiver said ${answer.text}`);
  process.exit(1);
}
