"""How a page looks: one template and one style, no script, nothing from anywhere else."""

TEMPLATE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src 'unsafe-inline'">
<title>{{ title }}</title>
<style>{{ style }}</style>
</head>
<body>
<a class="skip" href="#content">to the content</a>
<header><p class="state {{ status }}"><span aria-hidden="true">{{ "✓" if status == "ok" else "!" }}</span> {{ word }}</p>
<nav aria-label="sections">{% for one in headings %}<a href="#{{ one.anchor }}">{{ one.title }}</a>{% endfor %}</nav></header>
<main id="content">
{{ body }}</main>
</body>
</html>
"""

STYLE = """
:root{--ink:#1c2126;--paper:#fff;--soft:#f3f5f7;--line:#d5dae0;--dim:#56606b;--link:#0b5fa5;--good:#1b6e36;--bad:#b3261e;--open:#8a5a00}
@media (prefers-color-scheme:dark){:root{--ink:#e4e8ec;--paper:#14181c;--soft:#1e242a;--line:#38414a;--dim:#a3adb8;
--link:#7ab8f0;--good:#6fcf8b;--bad:#ff9c92;--open:#e8b95a}}
*{box-sizing:border-box}
body{font:16px/1.5 system-ui,sans-serif;color:var(--ink);background:var(--paper);margin:0 auto;max-width:66rem;padding:0 1rem 4rem;
overflow-wrap:anywhere}
a{color:var(--link)}
:focus-visible{outline:3px solid var(--link);outline-offset:2px}
.skip{position:absolute;left:-999rem}.skip:focus{left:1rem;top:.5rem;background:var(--paper);padding:.3rem .6rem}
header{border-bottom:1px solid var(--line);padding:.7rem 0;margin-bottom:1rem}
nav{display:flex;flex-wrap:wrap;gap:.2rem 1.1rem;font-size:.9rem}nav a{padding:.2rem 0}
.state{display:inline-block;margin:0 0 .4rem;padding:.1rem .7rem;border:2px solid;border-radius:1rem;font-weight:600;font-size:.9rem}
.ok{color:var(--good)}.violation{color:var(--bad)}.incomplete{color:var(--open)}
h1{font-size:1.6rem;line-height:1.2;margin:.4rem 0 1rem}h2{font-size:1.2rem;margin:2.2rem 0 .6rem;scroll-margin-top:.6rem}
.wide{overflow-x:auto;margin:.8rem 0}
table{border-collapse:collapse;font-size:.9rem;font-variant-numeric:tabular-nums}
th,td{padding:.3rem .8rem .3rem 0;border-bottom:1px solid var(--line);vertical-align:top;overflow-wrap:normal}
th{color:var(--dim);font-weight:600;text-align:left}
figure{margin:1.2rem 0}figure img{display:block;max-width:100%;height:auto;background:#fff;border:1px solid var(--line);border-radius:4px}
figcaption{color:var(--dim);font-size:.9rem;margin-top:.3rem}
code{background:var(--soft);padding:.05rem .3rem;border-radius:3px;font-size:.9em}
pre{background:var(--soft);padding:.7rem;border-radius:4px;overflow-x:auto;overflow-wrap:normal}pre code{padding:0;background:none}
ul{padding-left:1.2rem}li{margin:.25rem 0}
@media print{nav,.skip{display:none}body{max-width:none}}
"""
