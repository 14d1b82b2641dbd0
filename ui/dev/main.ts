// The window in a browser, with generated data instead of the Rust side. In no build.
// ?rows=3000000 sets the number of records, ?start shows the start screen, ?theme=dark the theme,
// ?job runs an import, ?axe lists accessibility findings in the title and the console.
import { mockWindow } from "./mock";

const options = new URLSearchParams(location.search);
mockWindow({
  rows: Number(options.get("rows") ?? 41_037),
  open: !options.has("start"),
  fresh: options.has("fresh"),
  theme: options.get("theme") ?? "system",
  job: options.has("job"),
});
await import("../src/main");
if (options.has("axe")) {
  const { default: axe } = await import("axe-core");
  setTimeout(async () => {
    const found = await axe.run(document);
    const pre = document.createElement("pre");
    pre.id = "axe";
    pre.hidden = true;
    pre.textContent = JSON.stringify(
      found.violations.map((v) => ({
        id: v.id,
        help: v.help,
        nodes: v.nodes.map((n) => n.target.join(" ") + " :: " + n.failureSummary),
      })),
      null,
      1,
    );
    document.body.append(pre);
  }, 2500);
}
