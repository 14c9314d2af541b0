<#ftl output_format="HTML">
<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="icon" href="data:,">
<title>${title}</title>
<style>
:root { color-scheme: light dark; --ink: #111; --paper: #fff; --line: #ddd; --head: #f2f2f2; --own: #e8f0fa; }
@media (prefers-color-scheme: dark) {
    :root { --ink: #e8e8e8; --paper: #16181d; --line: #3a3e47; --head: #242831; --own: #1f2d40; }
}
body { font: 16px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper); margin: 0 auto;
       padding: 12px; max-width: 1060px; overflow-wrap: anywhere; }
h1 { font-size: 1.7rem; line-height: 1.2; }
h2 { font-size: 1.3rem; margin-top: 2.2em; border-bottom: 2px solid var(--line); }
img { width: 100%; max-width: 520px; height: auto; border: 1px solid var(--line); box-sizing: border-box; margin: 2px 0; }
@media (min-width: 740px) { img { width: calc(50% - 4px); } }
summary { margin-top: 1em; cursor: pointer; }
.scroll { overflow-x: auto; margin: 1em 0; }
table { border-collapse: collapse; font-size: .85rem; overflow-wrap: normal; }
th, td { padding: 3px 9px; border-bottom: 1px solid var(--line); text-align: right; vertical-align: top; }
td { font-variant-numeric: tabular-nums; }
thead th { background: var(--head); vertical-align: bottom; }
th:not(.long)[scope="row"] { white-space: nowrap; }
th[scope="row"] { position: sticky; left: 0; background: var(--paper); font-weight: normal; }
tr.own > * { background: var(--own); font-weight: bold; }
td:not([align]), th:not([align]) { text-align: left; }
th.long { min-width: 14em; }
@media (max-width: 800px) {
    table { font-size: .8rem; }
    th, td { padding: 3px 6px; }
}
@media (max-width: 600px) {
    table { font-size: .75rem; }
    th, td { padding: 3px; }
    th.long { min-width: 11em; }
}
</style>
</head>
<body>
<main>
${body?no_esc}</main>
</body>
</html>
