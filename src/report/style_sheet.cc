#include "report/style_sheet.h"

namespace liteqat::report {

std::string_view style_sheet() {
  return R"css(
:root {
  --ground: #f5f6f8; --paper: #ffffff; --ink: #1a1f27; --soft: #5a6472; --line: #e1e5ea; --grid: #e8ebef; --base: #aab3bf;
  --float: #2a6fdb; --fake: #8a4fc4; --integer: #c8590c; --neutral: #64748b; --train: #2a6fdb; --validation: #c8590c;
  --hit: #2a6fdb; --miss: #d9480f; --right: #17735a; --wrong: #c2311c;
  --problem: #c2311c; --doubt: #a86b00; --clear: #17735a; --skipped: #64748b;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ground: #0f1217; --paper: #171c23; --ink: #e7ebf1; --soft: #9ba7b6; --line: #2a323d; --grid: #262d37; --base: #566273;
    --float: #6ba4ff; --fake: #bd92f0; --integer: #f59a52; --neutral: #8292a8; --train: #6ba4ff; --validation: #f59a52;
    --hit: #4f8df0; --miss: #f0703a; --right: #4cc39f; --wrong: #ff8a75;
    --problem: #ff8a75; --doubt: #e5b04d; --clear: #4cc39f; --skipped: #8292a8;
  }
}
* { box-sizing: border-box; }
html { color-scheme: light dark; -webkit-text-size-adjust: 100%; scroll-behavior: smooth; }
body { margin: 0; background: var(--ground); color: var(--ink); font: 15px/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif; }
main { max-width: 1120px; margin: 0 auto; padding: 40px 24px 64px; }
code { font: 0.92em ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace; }
p { margin: 0 0 12px; }
h1 { font-size: 34px; line-height: 1.15; letter-spacing: -0.02em; margin: 0 0 12px; overflow-wrap: anywhere; }
h1 .on { font-weight: 400; color: var(--soft); }
h2 { font-size: 20px; letter-spacing: -0.01em; margin: 0 0 14px; }
h3 { font-size: 15px; margin: 28px 0 12px; }
h2 + h3 { margin-top: 0; }
h3 .soft { font-weight: 400; margin-left: 10px; }
.eyebrow { text-transform: uppercase; letter-spacing: 0.09em; font-size: 12px; font-weight: 600; color: var(--soft); margin-bottom: 6px; }
.headline { font-size: 18px; line-height: 1.5; max-width: 60em; margin-bottom: 24px; overflow-wrap: anywhere; }
.soft { color: var(--soft); }
.small { font-size: 13px; }
.note { color: var(--soft); font-size: 13.5px; max-width: 75em; }
section { background: var(--paper); border: 1px solid var(--line); border-radius: 12px; padding: 24px 28px 26px; margin-top: 20px; scroll-margin-top: 12px; }
section > :last-child { margin-bottom: 0; }
nav { display: flex; flex-wrap: wrap; gap: 4px 18px; margin: 26px 0 0; font-size: 14px; }
nav a { color: var(--soft); text-decoration: none; border-bottom: 1px solid var(--line); }
nav a:hover, nav a:focus-visible { color: var(--ink); border-color: currentColor; }
footer { color: var(--soft); font-size: 13px; margin-top: 24px; }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(190px, 1fr)); gap: 12px; }
.tile { background: var(--paper); border: 1px solid var(--line); border-radius: 12px; padding: 14px 18px 13px; }
.tile-name, .tile-note { color: var(--soft); font-size: 13px; overflow-wrap: anywhere; }
.tile-figure { font-size: 27px; font-weight: 650; letter-spacing: -0.02em; line-height: 1.35; font-variant-numeric: tabular-nums; }
figure { margin: 0; }
figcaption { display: flex; flex-wrap: wrap; gap: 4px 16px; align-items: baseline; font-size: 13.5px; }
.chart-title { font-weight: 600; }
.key { display: inline-flex; align-items: center; gap: 6px; color: var(--soft); font-size: 13px; }
.swatch { display: inline-block; width: 10px; height: 10px; border-radius: 50%; background: currentColor; flex: none; }
th .swatch { margin-right: 8px; }
.swatch-reference { display: inline-block; width: 0; height: 12px; border-left: 2px dashed var(--base); }
.dots figcaption { align-items: center; }
i.float { color: var(--float); } i.fake_quant { color: var(--fake); } i.integer { color: var(--integer); }
i.train { color: var(--train); } i.validation { color: var(--validation); }
svg { display: block; }
svg.chart { width: 100%; height: auto; }
svg text { fill: var(--ink); font-size: 12px; }
svg .tick, svg .axis-name { fill: var(--soft); font-size: 11.5px; font-variant-numeric: tabular-nums; }
.grid { stroke: var(--grid); stroke-width: 1; }
.base { stroke: var(--base); stroke-width: 1; }
.reference { stroke: var(--base); stroke-width: 1.5; stroke-dasharray: 3 3; }
.whisker { stroke-width: 2; }
.whisker.float { stroke: var(--float); } .whisker.fake_quant { stroke: var(--fake); } .whisker.integer { stroke: var(--integer); }
.dot { stroke: var(--paper); stroke-width: 1.5; }
.dot.float, .bar.float { fill: var(--float); } .dot.fake_quant, .bar.fake_quant { fill: var(--fake); } .dot.integer, .bar.integer { fill: var(--integer); }
.dot.train { fill: var(--train); } .dot.validation { fill: var(--validation); }
.bar.neutral { fill: var(--neutral); } .bar-ground { fill: var(--grid); }
.line { fill: none; stroke-width: 2; stroke-linejoin: round; stroke-linecap: round; }
.line.train { stroke: var(--train); } .line.validation { stroke: var(--validation); }
.span.whole { fill: var(--neutral); } .span.up { fill: var(--right); } .span.down { fill: var(--wrong); } .span.noise { fill: var(--base); }
i.up { color: var(--right); } i.down { color: var(--wrong); } i.noise { color: var(--base); }
.hidden-dot { fill: transparent; }
.matrix-ground { fill: var(--ground); }
.hit { fill: var(--hit); } .miss { fill: var(--miss); }
svg .count { font-size: 10.5px; font-variant-numeric: tabular-nums; } svg .count.small { font-size: 8.5px; }
.rows .row { display: grid; grid-template-columns: minmax(120px, 168px) 1fr minmax(84px, auto); column-gap: 14px; align-items: center; }
.rows .row-name { font-weight: 600; font-size: 14px; overflow-wrap: anywhere; }
.rows .row-figure { text-align: right; font-variant-numeric: tabular-nums; font-weight: 600; white-space: nowrap; }
.rows small { display: block; font-weight: 400; color: var(--soft); font-size: 12.5px; line-height: 1.35; }
.row-axis { margin-bottom: 10px; }
.track { overflow: visible; }
.bars .row { padding: 6px 0; grid-template-columns: minmax(140px, 200px) 1fr 124px; }
.dots .row { grid-template-columns: minmax(120px, 168px) 1fr 84px; }
.dots .note { flex-basis: 100%; }
.scroll { overflow-x: auto; margin: 14px 0 16px; }
table { border-collapse: collapse; width: 100%; font-size: 14px; font-variant-numeric: tabular-nums; }
th, td { text-align: left; padding: 7px 14px 7px 0; border-bottom: 1px solid var(--line); vertical-align: top; }
th:last-child, td:last-child { padding-right: 0; }
tbody tr:last-child th, tbody tr:last-child td { border-bottom: 0; }
thead th { color: var(--soft); font-weight: 500; font-size: 13px; vertical-align: bottom; }
tbody th { font-weight: 600; white-space: nowrap; }
.num { text-align: right; white-space: nowrap; }
.strong { font-weight: 650; }
.hash { color: var(--soft); } .wrap { overflow-wrap: anywhere; }
.pair { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 340px), 1fr)); gap: 18px 36px; }
.pair .chart { margin-top: 8px; }
details { margin: 10px 0 16px; } summary { cursor: pointer; color: var(--soft); font-size: 13.5px; }
.matrices { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 310px), 1fr)); gap: 26px 30px; margin-top: 18px; }
.matrices figcaption { justify-content: space-between; margin-bottom: 6px; }
.matrices .chart { max-width: 460px; }
.classes td, .classes th { padding-left: 12px; padding-right: 12px; }
.recall { display: block; font-weight: 600; } .recall-count { display: block; color: var(--soft); font-size: 12px; }
.tint1 { background: color-mix(in srgb, var(--miss) 6%, transparent); } .tint2 { background: color-mix(in srgb, var(--miss) 13%, transparent); }
.tint3 { background: color-mix(in srgb, var(--miss) 21%, transparent); } .tint4 { background: color-mix(in srgb, var(--miss) 30%, transparent); }
.images { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 300px), 1fr)); gap: 14px; margin-top: 16px; }
.image-card { display: flex; gap: 14px; border: 1px solid var(--line); border-radius: 10px; padding: 12px; align-items: flex-start; }
.image-card figcaption { display: block; min-width: 0; }
.pixels { width: 84px; height: 84px; object-fit: contain; flex: none; image-rendering: pixelated; border-radius: 4px; background: var(--ground); }
.image-head { margin-bottom: 6px; } .answer { margin: 0 0 4px; line-height: 1.4; overflow-wrap: anywhere; }
.chip { display: inline-block; padding: 0 8px; border-radius: 9px; font-size: 12.5px; font-weight: 600; border: 1.5px solid; margin-right: 6px; }
.chip.right { background: var(--right); border-color: var(--right); color: var(--paper); }
.chip.wrong { color: var(--wrong); border-color: var(--wrong); }
dl { display: grid; grid-template-columns: minmax(120px, 200px) 1fr; gap: 7px 20px; margin: 0; font-size: 14px; }
dt { color: var(--soft); } dd { margin: 0; overflow-wrap: anywhere; }
.finding { border-left: 4px solid var(--skipped); padding: 2px 0 2px 16px; margin: 0 0 18px; }
.finding.problem { border-color: var(--problem); } .finding.doubt { border-color: var(--doubt); } .finding.clear { border-color: var(--clear); }
.finding p { margin: 0 0 4px; overflow-wrap: anywhere; }
.badge { font-weight: 700; margin-right: 10px; }
.problem .badge { color: var(--problem); } .doubt .badge { color: var(--doubt); } .clear .badge { color: var(--clear); } .skipped .badge { color: var(--skipped); }
.evidence span { display: inline-block; margin-right: 14px; font: 12.5px ui-monospace, Menlo, Consolas, monospace; color: var(--soft); }
@media (max-width: 640px) {
  main { padding: 24px 14px 40px; } section { padding: 18px 16px; border-radius: 10px; } h1 { font-size: 27px; } .headline { font-size: 16.5px; }
  .tiles { grid-template-columns: 1fr 1fr; } .tile { padding: 11px 13px; } .tile-figure { font-size: 22px; }
  .rows .row, .dots .row, .bars .row { grid-template-columns: 1fr auto; row-gap: 2px; }
  .rows .row svg { grid-column: 1 / -1; grid-row: 2; } .row-axis > span { display: none; } .dots .row { padding-top: 6px; }
  dl { grid-template-columns: 1fr; gap: 0; } dd { margin-bottom: 10px; }
}
@media print {
  :root { --ground: #ffffff; --paper: #ffffff; --ink: #000000; --soft: #444444; }
  body { font-size: 12px; print-color-adjust: exact; -webkit-print-color-adjust: exact; } main { max-width: none; padding: 0; } nav { display: none; }
  section { border: 0; padding: 12px 0; border-top: 1px solid var(--line); border-radius: 0; } .scroll { overflow: visible; }
  figure, tr, .tile, .finding, .row { break-inside: avoid; } h2, h3 { break-after: avoid; }
}
)css";
}

}  // namespace liteqat::report
